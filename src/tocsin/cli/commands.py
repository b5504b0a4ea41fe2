"""The commands: arguments to `run`, results to people and programs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from tocsin.cli import operate, words
from tocsin.cli.console import FAILED, Say

Json = Annotated[bool, typer.Option("--json", help="Print exactly one JSON document.")]
Out = Annotated[Path, typer.Option("--out", "-o", help="Folder for the results.")]
Seed = Annotated[int | None, typer.Option(help="Use another seed than the scenario's.")]
Minutes = Annotated[float | None, typer.Option(min=0.1, help="Only the first scenario minutes.")]
Port = Annotated[
    int | None, typer.Option(min=0, max=65535, help="Port of the page; 0: any free one.")
]


def register(app: typer.Typer) -> None:
    """Add all commands to the program."""
    commands: tuple[Callable[..., None], ...] = (
        demo,
        run,
        decode,
        track,
        simulate,
        warn,
        score,
        suite,
        replay,
        deliveries,
        coverage,
    )
    for command in commands:
        app.command()(command)
    cap = typer.Typer(help="Common Alerting Protocol messages.", no_args_is_help=True)
    cap.command("check")(cap_check)
    app.add_typer(cap, name="cap")
    operate.register(app)
    # A benchmark's own options go to its program.
    passed_on = {"allow_extra_args": True, "ignore_unknown_options": True}
    app.command(context_settings=passed_on)(bench)


def _speed(text: str) -> float:
    """Return a speed: a number of scenario seconds per second, or 0 for ``max``."""
    if text == "max":
        return 0.0
    try:
        value = float(text.removesuffix("x"))
    except ValueError as error:
        raise typer.BadParameter("give a number such as 5, or max") from error
    if not 0 < value < 1e6:
        raise typer.BadParameter("give a number above 0, or max")
    return value


Speed = Annotated[str, typer.Option(metavar="N|max", help="Scenario seconds per second.")]


def demo(
    speed: Speed = "5",
    headless: Annotated[bool, typer.Option(help="No page: run, score, print, end.")] = False,
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
    seed: Seed = None,
    without_sensor: Annotated[list[str] | None, typer.Option(help="Leave a sensor out.")] = None,
    civil_only: Annotated[bool, typer.Option(help="No raid.")] = False,
    mirrored: Annotated[bool, typer.Option(help="Swap east and west.")] = False,
    minutes: Minutes = None,
    scenario: Annotated[Path | None, typer.Option(help="Your own scenario (TOML).")] = None,
    port: Port = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Keep the results here.")] = None,
    as_json: Json = False,
) -> None:
    """Show the main job, offline: a fictional island, civil traffic and a raid.

    A simulator in a process of its own speaks Beast and plot streams on loopback; the page shows
    what Tocsin makes of them. Ends with scores against the truth.

    Examples:

        tocsin demo

        tocsin demo --speed 20

        tocsin demo --headless --speed max --json
    """
    from tocsin.run import demo as run_demo

    say = Say(as_json)
    options = run_demo.DemoOptions(
        _speed(speed),
        headless,
        browser,
        seed,
        tuple(without_sensor or ()),
        civil_only,
        mirrored,
        port,
        out,
        scenario,
        minutes,
    )
    result = run_demo.demo(options, say.note)
    say.result(result, words.demo(result))


def run(
    site: Annotated[Path | None, typer.Argument(help="Site file (TOML).")] = None,
    input_: Annotated[
        list[str] | None,
        typer.Option("--input", help="tcp://HOST:PORT, tcp-listen://…, udp://HOST:PORT or a file."),
    ] = None,
    origin: Annotated[str | None, typer.Option(help="LAT,LON in degrees; without a site.")] = None,
    host: Annotated[str | None, typer.Option(help="Address of the page; loopback.")] = None,
    port: Port = None,
    token: Annotated[
        str | None, typer.Option(envvar="TOCSIN_TOKEN", help="Needed for every write.")
    ] = None,
    record: Annotated[Path | None, typer.Option(help="Folder of the journal.")] = None,
    page: Annotated[bool, typer.Option(help="Serve the page and the interface.")] = True,
    recorded: Annotated[
        bool, typer.Option(help="The --input plays a recording: shift its times to now.")
    ] = False,
) -> None:
    """Run live: listen, track, warn, serve, until stopped.

    Examples:

        tocsin run SITE.toml --record RECORD

        tocsin run --input tcp://127.0.0.1:30005 --origin 47.5,8.5
    """
    from tocsin.run import site_run

    options = site_run.RunOptions(
        site,
        tuple(input_ or ()),
        origin,
        host,
        port,
        token,
        record,
        page,
        "received" if recorded else "own",
    )
    site_run.run_site(options, Say().note)


def decode(
    files: Annotated[list[Path], typer.Argument(help="Recordings; the format is detected.")],
    format_: Annotated[
        str, typer.Option("--format", help="summary, table, jsonl or parquet.")
    ] = "summary",
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File for the reports.")] = None,
    input_format: Annotated[str | None, typer.Option(help="Format, where not detected.")] = None,
    as_json: Json = False,
) -> None:
    """Decode recordings: what is in them, and what is wrong with them.

    Examples:

        tocsin decode capture.pcap

        tocsin decode flight.jsonl.gz --format parquet -o plots.parquet
    """
    from tocsin.run import offline

    say = Say(as_json)
    result = offline.decode_files(files, format_, out, input_format, say.note)
    say.result(result.summary, words.decoded(result))


def track(
    inputs: Annotated[list[Path], typer.Argument(help="Recordings or plots.parquet.")],
    out: Out,
    site: Annotated[Path | None, typer.Option(help="Site file; polar plots need one.")] = None,
    looks: Annotated[Path | None, typer.Option(help="looks.parquet of the plots.")] = None,
    at: Annotated[
        float | None, typer.Option(min=0.01, help="Seconds between track outputs.")
    ] = None,
    smooth: Annotated[
        bool, typer.Option("--smooth", help="Also tracks_smoothed.parquet: seen from the end.")
    ] = False,
    lag: Annotated[
        bool, typer.Option("--lag", help="Also tracks_lagged.parquet: one instant later.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Track a recording: tracks.parquet.

    Examples:

        tocsin track flight.jsonl.gz -o OUT

        tocsin track plots.parquet --site SITE.toml --looks looks.parquet -o OUT
    """
    from tocsin.run import offline

    say = Say(as_json)
    again: dict[str, int | None] = {"tracks_smoothed.parquet": None} if smooth else {}
    again |= {"tracks_lagged.parquet": 1} if lag else {}
    result = offline.track_files(inputs, site, looks, at, out, say, again)
    say.result(result, words.tracked(result))


def simulate(
    scenario: Annotated[Path | None, typer.Argument(help="Scenario (TOML); the demo's.")] = None,
    out: Out = Path("OUT"),
    seed: Seed = None,
    speak: Annotated[bool, typer.Option(help="Speak wire formats on loopback.")] = False,
    speed: Speed = "max",
    without_sensor: Annotated[list[str] | None, typer.Option(help="Leave a sensor out.")] = None,
    civil_only: Annotated[bool, typer.Option(help="No raid.")] = False,
    mirrored: Annotated[bool, typer.Option(help="Swap east and west.")] = False,
    minutes: Minutes = None,
    picture: Annotated[Path | None, typer.Option(help="Draw the scenario: an SVG file.")] = None,
    as_json: Json = False,
) -> None:
    """Simulate a scenario: truth, plots, looks, origins, effects and a site file.

    Examples:

        tocsin simulate -o OUT

        tocsin simulate SCENARIO.toml --seed 7 -o OUT --json

        tocsin simulate SCENARIO.toml -o OUT --picture SCENARIO.svg
    """
    from tocsin.run import simulated

    say = Say(as_json)
    left_out = tuple(without_sensor or ())
    chosen = simulated.choose(scenario, seed, left_out, civil_only, mirrored, minutes)
    if speak:
        simulated.speak_until_done(chosen, out, _speed(speed))
        return
    result = simulated.simulate_to(chosen, out, say, picture)
    say.result(result, words.simulated(result))


def warn(
    tracks: Annotated[Path, typer.Argument(help="tracks.parquet, or a folder that has one.")],
    zones: Annotated[Path, typer.Option(help="zones.geojson.")],
    out: Out,
    policy: Annotated[str, typer.Option(help="cautious, balanced, quiet or a file.")] = "balanced",
    as_json: Json = False,
) -> None:
    """Forecast and decide over a track file: warnings.parquet.

    Examples:

        tocsin warn OUT --zones OUT/zones.geojson -o OUT
    """
    from tocsin.run import offline

    say = Say(as_json)
    result = offline.warn_tracks(tracks, zones, policy, out, say)
    say.result(result, words.warned(result))


def score(
    outs: Annotated[
        list[Path], typer.Argument(metavar="OUT...", help="Folders with tracks.parquet.")
    ],
    truth: Annotated[Path, typer.Option(help="truth.parquet, or a folder that has one.")],
    zones: Annotated[Path | None, typer.Option(help="zones.geojson, to score warnings.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write an HTML report here.")] = None,
    standard: Annotated[
        str | None, typer.Option(help="early-warning, surveillance-service or a TOML file.")
    ] = None,
    oracle: Annotated[
        bool, typer.Option(help="Score what is possible on these plots too.")
    ] = False,
    sweep: Annotated[
        bool, typer.Option(help="Score other warning policies on the same tracks too.")
    ] = False,
    cutoff: Annotated[
        float, typer.Option(min=1.0, help="Metres beyond which a track is of no object.")
    ] = 2_000.0,
    dimension: Annotated[
        int, typer.Option(min=2, max=3, help="2: over the ground; 3: heights count too.")
    ] = 2,
    as_json: Json = False,
) -> None:
    """Score tracks and warnings against the truth: one tracker, or several side by side.

    Beside tracks.parquet it reads warnings.parquet and innovations.parquet where they are there;
    with or above the truth plots.parquet, zones.geojson and site.toml, whose radars and terrain say
    what could be seen at all.

    With a standard, exits 1 where a requirement fails or none could be measured.

    Examples:

        tocsin score OUT --truth OUT/truth --report report.html

        tocsin score OURS THEIRS --truth OURS/truth --oracle --standard early-warning
    """
    from tocsin.evaluate.config import TrackScoring
    from tocsin.run import scoring

    say = Say(as_json)
    how = TrackScoring(cutoff_m=cutoff, dimension=dimension, hysteresis_m=cutoff / 10.0)
    options = scoring.ScoreOptions(truth, zones, report, standard, oracle, sweep, how)
    result = scoring.score(outs, options, say.note)
    say.result(result, words.scored(result))
    if not scoring.all_met(result):
        raise typer.Exit(FAILED)


def suite(
    folder: Annotated[Path, typer.Argument(metavar="SCENARIOS/", help="Folder of scenarios.")],
    only: Annotated[list[str] | None, typer.Option(help="Only the scenario of this name.")] = None,
    longest: Annotated[
        float | None, typer.Option(min=1, help="Leave out what lasts more minutes than this.")
    ] = None,
    minutes: Minutes = None,
    seeds: Annotated[int, typer.Option(min=1, help="Seeds for each, its own and the next.")] = 1,
    mirrored: Annotated[bool, typer.Option(help="Also with east and west swapped.")] = False,
    policy: Annotated[
        str | None, typer.Option(help="cautious, balanced, quiet or a file; the site's.")
    ] = None,
    jobs: Annotated[int, typer.Option(min=0, help="Runs at a time; 0: all processors.")] = 0,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Keep all files of each run here.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Simulate, track, warn and score a folder of scenarios; judge them by their requirements.

    Each scenario names files of requirements. All of a folder may take hours: three days are
    among the library's. Exits 1 where any requirement fails.

    Examples:

        tocsin suite scenarios --longest 60

        tocsin suite scenarios --only drone-wave-50 --seeds 3 --mirrored --json
    """
    from tocsin.run import suite as run_suite

    say = Say(as_json)
    options = run_suite.SuiteOptions(
        tuple(only or ()), longest, minutes, seeds, mirrored, policy, out, jobs
    )
    result = run_suite.suite(folder, options, say)
    say.result(result, words.suite(result))
    if not result["met"]:
        raise typer.Exit(FAILED)


def replay(
    record: Annotated[Path, typer.Argument(help="Record folder of a run.")],
    speed: Speed = "max",
    page: Annotated[bool, typer.Option(help="Show it on the page.")] = False,
    port: Port = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write tracks here too.")] = None,
    what_if: Annotated[
        str | None, typer.Option(help="Preset or policy file (TOML): warn by that instead.")
    ] = None,
    zones: Annotated[Path | None, typer.Option(help="What if this were the zone map.")] = None,
    without_sensor: Annotated[
        list[str] | None, typer.Option(help="What if this sensor were dead.")
    ] = None,
    truth: Annotated[
        Path | None, typer.Option(help="Truth to score a what-if against: folder or file.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Work a record again and compare: the same outputs, byte for byte.

    Exits 1 where an output differs from the recorded one. With --what-if, --zones or
    --without-sensor: the same night under another policy or zone map, or with a sensor dead, and
    both outcomes side by side; nothing is sent, and the record stays as it is.

    Examples:

        tocsin replay RECORD

        tocsin replay RECORD --page --speed 10

        tocsin replay RECORD --what-if cautious --without-sensor radar-1
    """
    from tocsin.run import replay as run_replay

    say = Say(as_json)
    if what_if or zones or without_sensor:
        if page:
            raise typer.BadParameter("a what-if has no page", param_hint="--page")
        from tocsin.run import what_if as run_what_if

        change = run_what_if.WhatIf(what_if, zones, tuple(without_sensor or ()), truth)
        other = run_what_if.what_if(record, change, out, say)
        say.result(other, words.compared(other))
        return
    if truth is not None:
        raise typer.BadParameter("is for a what-if only", param_hint="--truth")
    result = run_replay.replay(record, _speed(speed), page, port, out, say)
    say.result(result, words.replayed(result))
    if result["identical"] is False:
        raise typer.Exit(FAILED)


def deliveries(
    record: Annotated[Path, typer.Argument(help="Record folder of a run.")],
    undelivered: Annotated[
        bool, typer.Option("--undelivered", help="Only what waits, was refused or given up.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for deliveries.parquet.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say who was told what when, and who confirmed it: a record's delivery ledger.

    With --undelivered, exits 1 where anything was not delivered.

    Examples:

        tocsin deliveries RECORD

        tocsin deliveries RECORD --undelivered --json
    """
    from tocsin.run.told_files import deliveries_of

    result = deliveries_of(record, undelivered, out)
    Say(as_json).result(result, words.delivered(result))
    if undelivered and result["deliveries"]:
        raise typer.Exit(FAILED)


def coverage(
    site: Annotated[Path, typer.Argument(help="Site file (TOML).")],
    out: Out = Path("COVERAGE"),
    rcs: Annotated[float, typer.Option(min=1e-6, help="Target's radar cross-section, m2.")] = 0.1,
    pd: Annotated[
        float, typer.Option(min=0.01, max=0.999, help="Wanted detection per look.")
    ] = 0.8,
    at_height: Annotated[
        list[float] | None, typer.Option(help="Metres above ground: bounds of the classes.")
    ] = None,
    step: Annotated[float, typer.Option(min=10.0, help="Edge of a cell in metres.")] = 90.0,
    earth_factor: Annotated[
        float | None, typer.Option(min=0.3, max=10.0, help="k of all radars; each its own.")
    ] = None,
    smooth_earth: Annotated[
        bool, typer.Option(help="Take the ground as the sea, everywhere.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Map below which height a site's radars are blind, over its terrain.

    Where terrain is missing the map says UNKNOWN, never seen. Writes coverage.png, coverage.tif
    and coverage.geojson.

    Examples:

        tocsin coverage SITE.toml -o COVERAGE

        tocsin coverage SITE.toml --rcs 0.01 --at-height 50 --at-height 200 --json
    """
    from tocsin.radar.coverage import Target
    from tocsin.run import coverage as run_coverage

    say = Say(as_json)
    heights = run_coverage.heights_of(at_height)
    options = run_coverage.CoverageOptions(
        Target(rcs, pd), heights, step, earth_factor, smooth_earth
    )
    result = run_coverage.cover(site, out, options, say.note)
    say.result(result, words.covered(result))


def cap_check(
    files: Annotated[list[Path], typer.Argument(help="Messages, one to a file.")],
    certificate: Annotated[
        list[Path] | None,
        typer.Option(help="PEM file of a trusted sender: one of those must have signed."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say all that is wrong with CAP 1.2 messages: structure, meaning, references, signature.

    Several files are checked as one chain: what they refer to must be among them. Only
    certificates given here are trusted, never those inside a message. Exits 1 if anything is
    wrong.

    Examples:

        tocsin cap check ALERT.xml

        tocsin cap check ALERT.xml UPDATE.xml CANCEL.xml --certificate SENDER.pem
    """
    from tocsin.run.cap_files import check_files

    result = check_files(files, certificate or ())
    Say(as_json).result(result, words.cap_checked(result))
    if not result["valid"]:
        raise typer.Exit(FAILED)


def bench(
    context: typer.Context,
    case: Annotated[
        str | None, typer.Argument(metavar="[BENCHMARK]", help="One of them; without: all.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Run the benchmarks of the repository's `bench` folder; needs a checkout.

    Each says when it is done, and how long all took is told at the end. Exits 1 where one of many
    failed; the others' results are printed.

    What follows a benchmark's name goes to its program. `track CASE` judges the tracker by its
    floors and goals; CASE is one of williams15, williams15-fresh, radar, dense, manoeuvre, fusion,
    bearing, swarm, real, speed, latency, million, memory, and it takes --peers, --seeds N, --quick
    (tiny sizes), --limit-s SECONDS for each peer, and --roofline.

    `compare` sets trackers, ours and peers, beside each other on the same plots and takes
    --case NAME[,NAME] (williams15, radar-flat, radar-polar, dense, swarm, manoeuvre, real ...),
    --targets N, --scans N, --runs N, --seed N, --limit-s SECONDS for each tracker, and
    --trackers NAME[,NAME] (oracle, tocsin, tocsin-confirmed; with the extra
    `peers` gnn, jpda, each also with -kd or -tpr for its tree gating).

    Examples:

        tocsin bench

        tocsin bench track williams15 --json

        tocsin bench track radar --peers --seeds 20

        tocsin bench compare --case dense

        tocsin bench compare --case radar-flat --targets 1000 --trackers tocsin,gnn-tpr --json
    """
    from tocsin.run import benches

    say = Say(as_json)
    results: dict[str, Any] = benches.run(case, context.args, say)
    say.result(results, words.benched(results))
    if benches.failed(results):
        raise typer.Exit(FAILED)
