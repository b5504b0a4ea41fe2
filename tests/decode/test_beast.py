"""Beast: framing of any cut, and the clock."""

from hypothesis import given
from hypothesis import strategies as st

from tocsin.contract import NS, Frames
from tocsin.decode import DecodeConfig, beast, encode_identification, start, step
from tocsin.decode.out import Out

messages = st.lists(
    st.one_of(
        st.binary(min_size=14, max_size=14).map(lambda m: bytes([m[0] | 0x80]) + m[1:]),
        st.binary(min_size=7, max_size=7).map(lambda m: bytes([m[0] & 0x7F]) + m[1:]),
    ),
    max_size=12,
)
SQUITTER = encode_identification(0x4B17AA, "TOC118")
DAY_NS = 86_400 * NS
T0 = 1_900_000_000 * NS


def times_of(chunks, clock="counter"):
    """Return measured times for chunks of (received_at_ns, counters)."""
    state = start("beast", "rx", DecodeConfig(beast_clock=clock))
    found = []
    for received_at_ns, counters in chunks:
        data = beast.encode([SQUITTER] * len(counters), counters)
        frame = Frames.build(1, received_at_ns=[received_at_ns], source_id=["rx"], payload=[data])
        state, out = step(state, frame, received_at_ns)
        order = out.reports.sorted_by("sequence")
        found.append(order.measured_at_ns.tolist())
    return found


@given(messages, st.data())
def test_frames_come_back_from_any_chunks(sent, data):
    counters = [data.draw(st.integers(0, (1 << 48) - 1)) for _ in sent]
    stream = beast.encode(sent, counters, signal=0x1A)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=5)))
    out, rest, found = Out("rx"), b"", []
    for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        rest += stream[begin:end]
        frames, used = beast.cut(rest, 0, out)
        found += frames
        rest = rest[used:]
    assert [frame.message for frame in found] == sent
    assert [frame.counter for frame in found] == counters
    assert rest == b""
    assert out.faults == []


@given(st.binary(max_size=60).filter(lambda junk: 0x1A not in junk))
def test_frames_are_found_again_after_garbage(junk):
    frame = beast.encode([SQUITTER], [12])
    out = Out("rx")
    frames, _ = beast.cut(frame + junk + frame, 0, out)
    assert len(frames) == 2
    assert len(out.faults) == bool(junk)


def test_counter_gives_the_instants_within_a_batch():
    instants = [T0 + k * NS // 4 for k in range(1, 5)]
    counters = [beast.counter_at(at - T0 + 7 * NS) for at in instants]
    assert times_of([(T0 + NS, counters)]) == [instants]


def test_the_least_delayed_batch_sets_the_offset():
    def sent(at_ns):
        return beast.counter_at(at_ns - T0 + 7 * NS)

    late, prompt, later = times_of(
        [
            (T0 + NS + 80_000_000, [sent(T0 + NS)]),
            (T0 + 2 * NS, [sent(T0 + 2 * NS)]),
            (T0 + 3 * NS + 500_000_000, [sent(T0 + 3 * NS)]),
        ]
    )
    assert late == [T0 + NS + 80_000_000]
    assert prompt == [T0 + 2 * NS]
    assert abs(later[0] - (T0 + 3 * NS)) < 100_000  # the leak, 20 ppm


def test_the_counter_may_wrap():
    last = (1 << 48) - 6_000_000
    counters = [last, (last + 12_000_000) % (1 << 48)]
    [[before, after]] = times_of([(T0, counters)])
    assert after - before == NS
    assert after == T0


def test_a_restarted_receiver_begins_a_new_offset():
    first, second = times_of([(T0, [beast.counter_at(9000 * NS)]), (T0 + NS, [12_000])])
    assert first == [T0]
    assert second == [T0 + NS]


def test_frames_without_a_usable_counter_have_the_receive_time():
    assert times_of([(T0, [0, 0xFF004D4C4154])]) == [[T0, T0]]


def test_gps_times_of_day_across_midnight():
    midnight = T0 // DAY_NS * DAY_NS
    instants = [midnight - 1, midnight + 5]
    counters = [beast.gps_counter_at(at) for at in instants]
    assert times_of([(midnight + NS, counters)], "gps") == [instants]


def test_gps_times_of_day_across_midnight_far_from_the_receive_time():
    midnight = T0 // DAY_NS * DAY_NS
    instants = [midnight - DAY_NS // 4, midnight - 1, midnight + 5]
    counters = [beast.gps_counter_at(at) for at in instants]
    assert times_of([(midnight - DAY_NS * 5 // 8, counters)], "gps") == [instants]


def test_measured_is_never_after_received():
    chunks = [(T0 + k * NS, [beast.counter_at(k * 999_990_000 + 10**9)]) for k in range(40)]
    for (received_at_ns, _), measured in zip(chunks, times_of(chunks), strict=True):
        assert measured[0] <= received_at_ns
