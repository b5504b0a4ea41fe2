"""Straight-line steps of filters: predict, update, mix.

Made by `scripts/make_kernels.py` with SymPy; do not edit. The NumPy twins are in `models`,
`falling`, `imm` and `measure`. Each kernel takes the rows of one track and one model, and reads
all before it writes anything, so results may replace what was given.
"""

from __future__ import annotations

import math

from tocsin.contract import F64
from tocsin.motion.kernels_jit import lean

# fmt: off


@lean(inline=True, contract=True)
def predict_cv(
    state: F64, cov: F64, dt_s: float, noise: F64, state_out: F64, cov_out: F64
) -> None:
    """Advance by constant velocity.

    Args:
        state: (6,) position and velocity, region frame.
        cov: (21,) packed upper triangle of its covariance.
        dt_s: seconds from the state to the new time.
        noise: (4,) see `tocsin.motion.models.Noise`.
        state_out: (6,) result; may be `state`.
        cov_out: (21,) result; may be one of the covariances given.

    Source: Y. Bar-Shalom, X. R. Li, T. Kirubarajan, Estimation with Applications to Tracking and
    Navigation (2001), section 6.2.2.
    """
    x0 = state[0]
    x1 = state[1]
    x2 = state[2]
    x3 = state[3]
    x4 = state[4]
    x5 = state[5]
    p00 = cov[0]
    p01 = cov[1]
    p02 = cov[2]
    p03 = cov[3]
    p04 = cov[4]
    p05 = cov[5]
    p11 = cov[6]
    p12 = cov[7]
    p13 = cov[8]
    p14 = cov[9]
    p15 = cov[10]
    p22 = cov[11]
    p23 = cov[12]
    p24 = cov[13]
    p25 = cov[14]
    p33 = cov[15]
    p34 = cov[16]
    p35 = cov[17]
    p44 = cov[18]
    p45 = cov[19]
    p55 = cov[20]
    q0 = noise[0]
    q1 = noise[1]
    q2 = noise[2]
    q3 = noise[3]
    d00 = q0 + q1*(x4 * x4) + q2*(x3 * x3)
    d01 = x3*x4*(-q1 + q2)
    d11 = q0 + q1*(x3 * x3) + q2*(x4 * x4)
    dt2 = (0.5)*(dt_s * dt_s)
    dt3 = (0.3333333333333333)*(dt_s * dt_s * dt_s)
    fp00 = dt_s*p03 + p00
    fp01 = dt_s*p13 + p01
    fp02 = dt_s*p23 + p02
    fp03 = dt_s*p33 + p03
    fp04 = dt_s*p34 + p04
    fp05 = dt_s*p35 + p05
    fp11 = dt_s*p14 + p11
    fp12 = dt_s*p24 + p12
    fp13 = dt_s*p34 + p13
    fp14 = dt_s*p44 + p14
    fp15 = dt_s*p45 + p15
    fp22 = dt_s*p25 + p22
    fp23 = dt_s*p35 + p23
    fp24 = dt_s*p45 + p24
    fp25 = dt_s*p55 + p25
    n0 = dt_s*x3 + x0
    n1 = dt_s*x4 + x1
    n2 = dt_s*x5 + x2
    np00 = d00*dt3 + dt_s*fp03 + fp00
    np01 = d01*dt3 + dt_s*fp04 + fp01
    np02 = dt_s*fp05 + fp02
    np03 = d00*dt2 + fp03
    np04 = d01*dt2 + fp04
    np11 = d11*dt3 + dt_s*fp14 + fp11
    np12 = dt_s*fp15 + fp12
    np13 = d01*dt2 + fp13
    np14 = d11*dt2 + fp14
    np22 = dt3*q3 + dt_s*fp25 + fp22
    np25 = dt2*q3 + fp25
    np33 = d00*dt_s + p33
    np34 = d01*dt_s + p34
    np44 = d11*dt_s + p44
    np55 = dt_s*q3 + p55
    state_out[0] = n0
    state_out[1] = n1
    state_out[2] = n2
    state_out[3] = x3
    state_out[4] = x4
    state_out[5] = x5
    cov_out[0] = np00
    cov_out[1] = np01
    cov_out[2] = np02
    cov_out[3] = np03
    cov_out[4] = np04
    cov_out[5] = fp05
    cov_out[6] = np11
    cov_out[7] = np12
    cov_out[8] = np13
    cov_out[9] = np14
    cov_out[10] = fp15
    cov_out[11] = np22
    cov_out[12] = fp23
    cov_out[13] = fp24
    cov_out[14] = np25
    cov_out[15] = np33
    cov_out[16] = np34
    cov_out[17] = p35
    cov_out[18] = np44
    cov_out[19] = p45
    cov_out[20] = np55


@lean(inline=True, contract=True)
def predict_turn(
    state: F64, cov: F64, dt_s: float, turn_radps: float, noise: F64, state_out: F64, cov_out:
    F64
) -> None:
    """Advance by a level turn of known rate.

    Args:
        state: (6,) position and velocity, region frame.
        cov: (21,) packed upper triangle of its covariance.
        dt_s: seconds from the state to the new time.
        turn_radps: rate of turn, positive to the right.
        noise: (4,) see `tocsin.motion.models.Noise`.
        state_out: (6,) result; may be `state`.
        cov_out: (21,) result; may be one of the covariances given.

    Source: Y. Bar-Shalom, X. R. Li, T. Kirubarajan, Estimation with Applications to Tracking and
    Navigation (2001), section 11.7.1; the rate is given, not estimated.
    """
    x0 = state[0]
    x1 = state[1]
    x2 = state[2]
    x3 = state[3]
    x4 = state[4]
    x5 = state[5]
    p00 = cov[0]
    p01 = cov[1]
    p02 = cov[2]
    p03 = cov[3]
    p04 = cov[4]
    p05 = cov[5]
    p11 = cov[6]
    p12 = cov[7]
    p13 = cov[8]
    p14 = cov[9]
    p15 = cov[10]
    p22 = cov[11]
    p23 = cov[12]
    p24 = cov[13]
    p25 = cov[14]
    p33 = cov[15]
    p34 = cov[16]
    p35 = cov[17]
    p44 = cov[18]
    p45 = cov[19]
    p55 = cov[20]
    q0 = noise[0]
    q1 = noise[1]
    q2 = noise[2]
    q3 = noise[3]
    d00 = q0 + q1*(x4 * x4) + q2*(x3 * x3)
    d01 = x3*x4*(-q1 + q2)
    d11 = q0 + q1*(x3 * x3) + q2*(x4 * x4)
    dt2 = (0.5)*(dt_s * dt_s)
    dt3 = (0.3333333333333333)*(dt_s * dt_s * dt_s)
    angle = max(-3.141592653589793, min(3.141592653589793, dt_s*turn_radps))
    angle2 = (angle * angle)
    sinc10 = 1.9572941063391263e-20 - 3.868170170630684e-23*angle2
    sinc9 = angle2*sinc10 - 8.22063524662433e-18
    sinc8 = angle2*sinc9 + 2.8114572543455206e-15
    sinc7 = angle2*sinc8 - 7.647163731819816e-13
    sinc6 = angle2*sinc7 + 1.6059043836821613e-10
    sinc5 = angle2*sinc6 - 2.505210838544172e-08
    sinc4 = angle2*sinc5 + 2.7557319223985893e-06
    sinc3 = angle2*sinc4 - 0.0001984126984126984
    sinc2 = angle2*sinc3 + 0.008333333333333333
    sinc1 = angle2*sinc2 - 0.16666666666666666
    sinc0 = angle2*sinc1 + 1
    cosc10 = 8.896791392450574e-22 - 1.6117375710961184e-24*angle2
    cosc9 = angle2*cosc10 - 4.110317623312165e-19
    cosc8 = angle2*cosc9 + 1.5619206968586225e-16
    cosc7 = angle2*cosc8 - 4.779477332387385e-14
    cosc6 = angle2*cosc7 + 1.1470745597729725e-11
    cosc5 = angle2*cosc6 - 2.08767569878681e-09
    cosc4 = angle2*cosc5 + 2.755731922398589e-07
    cosc3 = angle2*cosc4 - 2.48015873015873e-05
    cosc2 = angle2*cosc3 + 0.001388888888888889
    cosc1 = angle2*cosc2 - 0.041666666666666664
    cosc0 = angle2*cosc1 + 0.5
    across = angle*cosc0
    forward_s = dt_s*sinc0
    aside_s = across*dt_s
    cosine = -across*angle + 1
    sine = angle*sinc0
    fp00 = aside_s*p04 + forward_s*p03 + p00
    fp01 = aside_s*p14 + forward_s*p13 + p01
    fp02 = aside_s*p24 + forward_s*p23 + p02
    fp03 = aside_s*p34 + forward_s*p33 + p03
    fp04 = aside_s*p44 + forward_s*p34 + p04
    fp05 = aside_s*p45 + forward_s*p35 + p05
    fp11 = -aside_s*p13 + forward_s*p14 + p11
    fp12 = -aside_s*p23 + forward_s*p24 + p12
    fp13 = -aside_s*p33 + forward_s*p34 + p13
    fp14 = -aside_s*p34 + forward_s*p44 + p14
    fp15 = -aside_s*p35 + forward_s*p45 + p15
    fp22 = dt_s*p25 + p22
    fp23 = dt_s*p35 + p23
    fp24 = dt_s*p45 + p24
    fp25 = dt_s*p55 + p25
    fp33 = cosine*p33 + p34*sine
    fp34 = cosine*p34 + p44*sine
    fp35 = cosine*p35 + p45*sine
    fp43 = cosine*p34 - p33*sine
    fp44 = cosine*p44 - p34*sine
    fp45 = cosine*p45 - p35*sine
    n0 = aside_s*x4 + forward_s*x3 + x0
    n1 = -aside_s*x3 + forward_s*x4 + x1
    n2 = dt_s*x5 + x2
    n3 = cosine*x3 + sine*x4
    n4 = cosine*x4 - sine*x3
    np00 = aside_s*fp04 + d00*dt3 + forward_s*fp03 + fp00
    np01 = -aside_s*fp03 + d01*dt3 + forward_s*fp04 + fp01
    np02 = dt_s*fp05 + fp02
    np03 = cosine*fp03 + d00*dt2 + fp04*sine
    np04 = cosine*fp04 + d01*dt2 - fp03*sine
    np11 = -aside_s*fp13 + d11*dt3 + forward_s*fp14 + fp11
    np12 = dt_s*fp15 + fp12
    np13 = cosine*fp13 + d01*dt2 + fp14*sine
    np14 = cosine*fp14 + d11*dt2 - fp13*sine
    np22 = dt3*q3 + dt_s*fp25 + fp22
    np23 = cosine*fp23 + fp24*sine
    np24 = cosine*fp24 - fp23*sine
    np25 = dt2*q3 + fp25
    np33 = cosine*fp33 + d00*dt_s + fp34*sine
    np34 = cosine*fp34 + d01*dt_s - fp33*sine
    np44 = cosine*fp44 + d11*dt_s - fp43*sine
    np55 = dt_s*q3 + p55
    state_out[0] = n0
    state_out[1] = n1
    state_out[2] = n2
    state_out[3] = n3
    state_out[4] = n4
    state_out[5] = x5
    cov_out[0] = np00
    cov_out[1] = np01
    cov_out[2] = np02
    cov_out[3] = np03
    cov_out[4] = np04
    cov_out[5] = fp05
    cov_out[6] = np11
    cov_out[7] = np12
    cov_out[8] = np13
    cov_out[9] = np14
    cov_out[10] = fp15
    cov_out[11] = np22
    cov_out[12] = np23
    cov_out[13] = np24
    cov_out[14] = np25
    cov_out[15] = np33
    cov_out[16] = np34
    cov_out[17] = fp35
    cov_out[18] = np44
    cov_out[19] = fp45
    cov_out[20] = np55


@lean(inline=True, contract=True)
def predict_fall(
    state: F64, cov: F64, dt_s: float, drag_area_m2pkg: float, noise_m2ps3: float,
    drag_share2_s: float, state_out: F64, cov_out: F64
) -> None:
    """Advance by unpowered flight under gravity and drag.

    Args:
        state: (6,) position and velocity, region frame.
        cov: (21,) packed upper triangle of its covariance.
        dt_s: seconds from the state to the new time.
        drag_area_m2pkg: drag area over mass, Cd A / m.
        noise_m2ps3: spectral density of each acceleration.
        drag_share2_s: relative variance of the drag times the seconds that an error of it lasts.
        state_out: (6,) result; may be `state`.
        cov_out: (21,) result; may be one of the covariances given.

    Source: X. R. Li, V. P. Jilkov, Survey of Maneuvering Target Tracking, Part II: Motion Models
    of Ballistic and Space Targets, IEEE Trans. AES 46 (2010) 96-119, section III.
    """
    x0 = state[0]
    x1 = state[1]
    x2 = state[2]
    x3 = state[3]
    x4 = state[4]
    x5 = state[5]
    p00 = cov[0]
    p01 = cov[1]
    p02 = cov[2]
    p03 = cov[3]
    p04 = cov[4]
    p05 = cov[5]
    p11 = cov[6]
    p12 = cov[7]
    p13 = cov[8]
    p14 = cov[9]
    p15 = cov[10]
    p22 = cov[11]
    p23 = cov[12]
    p24 = cov[13]
    p25 = cov[14]
    p33 = cov[15]
    p34 = cov[16]
    p35 = cov[17]
    p44 = cov[18]
    p45 = cov[19]
    p55 = cov[20]
    r2_0 = (x0 * x0) + (x1 * x1) + ((x2 + 6371008.8) * (x2 + 6371008.8))
    r_0 = math.sqrt(r2_0)
    g_0 = 398049502529151.25/(r2_0*r_0)
    air_0 = 0.6125*math.exp(-0.0001388888888888889*max(0.0, r_0 - 6371008.8))
    speed_0 = math.sqrt((x3 * x3) + (x4 * x4) + (x5 * x5))
    slow_0 = air_0*drag_area_m2pkg*speed_0
    f0_3 = -g_0*x0 - slow_0*x3
    f0_4 = -g_0*x1 - slow_0*x4
    f0_5 = -g_0*(x2 + 6371008.8) - slow_0*x5
    h0 = (0.5)*dt_s*x3 + x0
    h1 = (0.5)*dt_s*x4 + x1
    h2 = (0.5)*dt_s*x5 + x2
    h3 = (0.5)*dt_s*f0_3 + x3
    h4 = (0.5)*dt_s*f0_4 + x4
    h5 = (0.5)*dt_s*f0_5 + x5
    r2_1 = (h0 * h0) + (h1 * h1) + ((h2 + 6371008.8) * (h2 + 6371008.8))
    r_1 = math.sqrt(r2_1)
    g_1 = 398049502529151.25/(r2_1*r_1)
    air_1 = 0.6125*math.exp(-0.0001388888888888889*max(0.0, r_1 - 6371008.8))
    speed_1 = math.sqrt((h3 * h3) + (h4 * h4) + (h5 * h5))
    slow_1 = air_1*drag_area_m2pkg*speed_1
    f1_3 = -g_1*h0 - h3*slow_1
    f1_4 = -g_1*h1 - h4*slow_1
    f1_5 = -g_1*(h2 + 6371008.8) - h5*slow_1
    k0 = (0.5)*dt_s*h3 + x0
    k1 = (0.5)*dt_s*h4 + x1
    k2 = (0.5)*dt_s*h5 + x2
    k3 = (0.5)*dt_s*f1_3 + x3
    k4 = (0.5)*dt_s*f1_4 + x4
    k5 = (0.5)*dt_s*f1_5 + x5
    r2_2 = (k0 * k0) + (k1 * k1) + ((k2 + 6371008.8) * (k2 + 6371008.8))
    r_2 = math.sqrt(r2_2)
    g_2 = 398049502529151.25/(r2_2*r_2)
    air_2 = 0.6125*math.exp(-0.0001388888888888889*max(0.0, r_2 - 6371008.8))
    speed_2 = math.sqrt((k3 * k3) + (k4 * k4) + (k5 * k5))
    slow_2 = air_2*drag_area_m2pkg*speed_2
    f2_3 = -g_2*k0 - k3*slow_2
    f2_4 = -g_2*k1 - k4*slow_2
    f2_5 = -g_2*(k2 + 6371008.8) - k5*slow_2
    l0 = dt_s*k3 + x0
    l1 = dt_s*k4 + x1
    l2 = dt_s*k5 + x2
    l3 = dt_s*f2_3 + x3
    l4 = dt_s*f2_4 + x4
    l5 = dt_s*f2_5 + x5
    r2_3 = (l0 * l0) + (l1 * l1) + ((l2 + 6371008.8) * (l2 + 6371008.8))
    r_3 = math.sqrt(r2_3)
    g_3 = 398049502529151.25/(r2_3*r_3)
    air_3 = 0.6125*math.exp(-0.0001388888888888889*max(0.0, r_3 - 6371008.8))
    speed_3 = math.sqrt((l3 * l3) + (l4 * l4) + (l5 * l5))
    slow_3 = air_3*drag_area_m2pkg*speed_3
    f3_3 = -g_3*l0 - l3*slow_3
    f3_4 = -g_3*l1 - l4*slow_3
    f3_5 = -g_3*(l2 + 6371008.8) - l5*slow_3
    n0 = (0.16666666666666666)*dt_s*(2*h3 + 2*k3 + l3 + x3) + x0
    n1 = (0.16666666666666666)*dt_s*(2*h4 + 2*k4 + l4 + x4) + x1
    n2 = (0.16666666666666666)*dt_s*(2*h5 + 2*k5 + l5 + x5) + x2
    n3 = (0.16666666666666666)*dt_s*(f0_3 + 2*f1_3 + 2*f2_3 + f3_3) + x3
    n4 = (0.16666666666666666)*dt_s*(f0_4 + 2*f1_4 + 2*f2_4 + f3_4) + x4
    n5 = (0.16666666666666666)*dt_s*(f0_5 + 2*f1_5 + 2*f2_5 + f3_5) + x5
    u0 = h0/r_1
    u1 = h1/r_1
    u2 = (h2 + 6371008.8)/r_1
    w0 = h3/(speed_1 + 1e-09)
    w1 = h4/(speed_1 + 1e-09)
    w2 = h5/(speed_1 + 1e-09)
    thinning = 0.0001388888888888889*slow_1
    a00 = g_1*(3*(u0 * u0) - 1) + h3*thinning*u0
    a01 = 3*g_1*u0*u1 + h3*thinning*u1
    a02 = 3*g_1*u0*u2 + h3*thinning*u2
    a10 = 3*g_1*u0*u1 + h4*thinning*u0
    a11 = g_1*(3*(u1 * u1) - 1) + h4*thinning*u1
    a12 = 3*g_1*u1*u2 + h4*thinning*u2
    a20 = 3*g_1*u0*u2 + h5*thinning*u0
    a21 = 3*g_1*u1*u2 + h5*thinning*u1
    a22 = g_1*(3*(u2 * u2) - 1) + h5*thinning*u2
    b00 = -slow_1*((w0 * w0) + 1)
    b01 = -slow_1*w0*w1
    b02 = -slow_1*w0*w2
    b10 = -slow_1*w0*w1
    b11 = -slow_1*((w1 * w1) + 1)
    b12 = -slow_1*w1*w2
    b20 = -slow_1*w0*w2
    b21 = -slow_1*w1*w2
    b22 = -slow_1*((w2 * w2) + 1)
    F00 = (0.5)*a00*(dt_s * dt_s) + 1
    F01 = (0.5)*a01*(dt_s * dt_s)
    F02 = (0.5)*a02*(dt_s * dt_s)
    F03 = (0.5)*b00*(dt_s * dt_s) + dt_s
    F04 = (0.5)*b01*(dt_s * dt_s)
    F05 = (0.5)*b02*(dt_s * dt_s)
    F10 = (0.5)*a10*(dt_s * dt_s)
    F11 = (0.5)*a11*(dt_s * dt_s) + 1
    F12 = (0.5)*a12*(dt_s * dt_s)
    F13 = (0.5)*b10*(dt_s * dt_s)
    F14 = (0.5)*b11*(dt_s * dt_s) + dt_s
    F15 = (0.5)*b12*(dt_s * dt_s)
    F20 = (0.5)*a20*(dt_s * dt_s)
    F21 = (0.5)*a21*(dt_s * dt_s)
    F22 = (0.5)*a22*(dt_s * dt_s) + 1
    F23 = (0.5)*b20*(dt_s * dt_s)
    F24 = (0.5)*b21*(dt_s * dt_s)
    F25 = (0.5)*b22*(dt_s * dt_s) + dt_s
    F30 = a00*dt_s + (0.5)*(dt_s * dt_s)*(a00*b00 + a10*b01 + a20*b02)
    F31 = a01*dt_s + (0.5)*(dt_s * dt_s)*(a01*b00 + a11*b01 + a21*b02)
    F32 = a02*dt_s + (0.5)*(dt_s * dt_s)*(a02*b00 + a12*b01 + a22*b02)
    F33 = b00*dt_s + (0.5)*(dt_s * dt_s)*(a00 + (b00 * b00) + b01*b10 + b02*b20) + 1
    F34 = b01*dt_s + (0.5)*(dt_s * dt_s)*(a01 + b00*b01 + b01*b11 + b02*b21)
    F35 = b02*dt_s + (0.5)*(dt_s * dt_s)*(a02 + b00*b02 + b01*b12 + b02*b22)
    F40 = a10*dt_s + (0.5)*(dt_s * dt_s)*(a00*b10 + a10*b11 + a20*b12)
    F41 = a11*dt_s + (0.5)*(dt_s * dt_s)*(a01*b10 + a11*b11 + a21*b12)
    F42 = a12*dt_s + (0.5)*(dt_s * dt_s)*(a02*b10 + a12*b11 + a22*b12)
    F43 = b10*dt_s + (0.5)*(dt_s * dt_s)*(a10 + b00*b10 + b10*b11 + b12*b20)
    F44 = b11*dt_s + (0.5)*(dt_s * dt_s)*(a11 + b01*b10 + (b11 * b11) + b12*b21) + 1
    F45 = b12*dt_s + (0.5)*(dt_s * dt_s)*(a12 + b02*b10 + b11*b12 + b12*b22)
    F50 = a20*dt_s + (0.5)*(dt_s * dt_s)*(a00*b20 + a10*b21 + a20*b22)
    F51 = a21*dt_s + (0.5)*(dt_s * dt_s)*(a01*b20 + a11*b21 + a21*b22)
    F52 = a22*dt_s + (0.5)*(dt_s * dt_s)*(a02*b20 + a12*b21 + a22*b22)
    F53 = b20*dt_s + (0.5)*(dt_s * dt_s)*(a20 + b00*b20 + b10*b21 + b20*b22)
    F54 = b21*dt_s + (0.5)*(dt_s * dt_s)*(a21 + b01*b20 + b11*b21 + b21*b22)
    F55 = b22*dt_s + (0.5)*(dt_s * dt_s)*(a22 + b02*b20 + b12*b21 + (b22 * b22)) + 1
    fp00 = F00*p00 + F01*p01 + F02*p02 + F03*p03 + F04*p04 + F05*p05
    fp01 = F00*p01 + F01*p11 + F02*p12 + F03*p13 + F04*p14 + F05*p15
    fp02 = F00*p02 + F01*p12 + F02*p22 + F03*p23 + F04*p24 + F05*p25
    fp03 = F00*p03 + F01*p13 + F02*p23 + F03*p33 + F04*p34 + F05*p35
    fp04 = F00*p04 + F01*p14 + F02*p24 + F03*p34 + F04*p44 + F05*p45
    fp05 = F00*p05 + F01*p15 + F02*p25 + F03*p35 + F04*p45 + F05*p55
    fp10 = F10*p00 + F11*p01 + F12*p02 + F13*p03 + F14*p04 + F15*p05
    fp11 = F10*p01 + F11*p11 + F12*p12 + F13*p13 + F14*p14 + F15*p15
    fp12 = F10*p02 + F11*p12 + F12*p22 + F13*p23 + F14*p24 + F15*p25
    fp13 = F10*p03 + F11*p13 + F12*p23 + F13*p33 + F14*p34 + F15*p35
    fp14 = F10*p04 + F11*p14 + F12*p24 + F13*p34 + F14*p44 + F15*p45
    fp15 = F10*p05 + F11*p15 + F12*p25 + F13*p35 + F14*p45 + F15*p55
    fp20 = F20*p00 + F21*p01 + F22*p02 + F23*p03 + F24*p04 + F25*p05
    fp21 = F20*p01 + F21*p11 + F22*p12 + F23*p13 + F24*p14 + F25*p15
    fp22 = F20*p02 + F21*p12 + F22*p22 + F23*p23 + F24*p24 + F25*p25
    fp23 = F20*p03 + F21*p13 + F22*p23 + F23*p33 + F24*p34 + F25*p35
    fp24 = F20*p04 + F21*p14 + F22*p24 + F23*p34 + F24*p44 + F25*p45
    fp25 = F20*p05 + F21*p15 + F22*p25 + F23*p35 + F24*p45 + F25*p55
    fp30 = F30*p00 + F31*p01 + F32*p02 + F33*p03 + F34*p04 + F35*p05
    fp31 = F30*p01 + F31*p11 + F32*p12 + F33*p13 + F34*p14 + F35*p15
    fp32 = F30*p02 + F31*p12 + F32*p22 + F33*p23 + F34*p24 + F35*p25
    fp33 = F30*p03 + F31*p13 + F32*p23 + F33*p33 + F34*p34 + F35*p35
    fp34 = F30*p04 + F31*p14 + F32*p24 + F33*p34 + F34*p44 + F35*p45
    fp35 = F30*p05 + F31*p15 + F32*p25 + F33*p35 + F34*p45 + F35*p55
    fp40 = F40*p00 + F41*p01 + F42*p02 + F43*p03 + F44*p04 + F45*p05
    fp41 = F40*p01 + F41*p11 + F42*p12 + F43*p13 + F44*p14 + F45*p15
    fp42 = F40*p02 + F41*p12 + F42*p22 + F43*p23 + F44*p24 + F45*p25
    fp43 = F40*p03 + F41*p13 + F42*p23 + F43*p33 + F44*p34 + F45*p35
    fp44 = F40*p04 + F41*p14 + F42*p24 + F43*p34 + F44*p44 + F45*p45
    fp45 = F40*p05 + F41*p15 + F42*p25 + F43*p35 + F44*p45 + F45*p55
    fp50 = F50*p00 + F51*p01 + F52*p02 + F53*p03 + F54*p04 + F55*p05
    fp51 = F50*p01 + F51*p11 + F52*p12 + F53*p13 + F54*p14 + F55*p15
    fp52 = F50*p02 + F51*p12 + F52*p22 + F53*p23 + F54*p24 + F55*p25
    fp53 = F50*p03 + F51*p13 + F52*p23 + F53*p33 + F54*p34 + F55*p35
    fp54 = F50*p04 + F51*p14 + F52*p24 + F53*p34 + F54*p44 + F55*p45
    fp55 = F50*p05 + F51*p15 + F52*p25 + F53*p35 + F54*p45 + F55*p55
    wrong = drag_share2_s*(slow_0 * slow_0)
    d00 = noise_m2ps3 + wrong*(x3 * x3)
    d01 = wrong*x3*x4
    d02 = wrong*x3*x5
    d11 = noise_m2ps3 + wrong*(x4 * x4)
    d12 = wrong*x4*x5
    d22 = noise_m2ps3 + wrong*(x5 * x5)
    dt2 = (0.5)*(dt_s * dt_s)
    dt3 = (0.3333333333333333)*(dt_s * dt_s * dt_s)
    np00 = F00*fp00 + F01*fp01 + F02*fp02 + F03*fp03 + F04*fp04 + F05*fp05 + d00*dt3
    np01 = F10*fp00 + F11*fp01 + F12*fp02 + F13*fp03 + F14*fp04 + F15*fp05 + d01*dt3
    np02 = F20*fp00 + F21*fp01 + F22*fp02 + F23*fp03 + F24*fp04 + F25*fp05 + d02*dt3
    np03 = F30*fp00 + F31*fp01 + F32*fp02 + F33*fp03 + F34*fp04 + F35*fp05 + d00*dt2
    np04 = F40*fp00 + F41*fp01 + F42*fp02 + F43*fp03 + F44*fp04 + F45*fp05 + d01*dt2
    np05 = F50*fp00 + F51*fp01 + F52*fp02 + F53*fp03 + F54*fp04 + F55*fp05 + d02*dt2
    np11 = F10*fp10 + F11*fp11 + F12*fp12 + F13*fp13 + F14*fp14 + F15*fp15 + d11*dt3
    np12 = F20*fp10 + F21*fp11 + F22*fp12 + F23*fp13 + F24*fp14 + F25*fp15 + d12*dt3
    np13 = F30*fp10 + F31*fp11 + F32*fp12 + F33*fp13 + F34*fp14 + F35*fp15 + d01*dt2
    np14 = F40*fp10 + F41*fp11 + F42*fp12 + F43*fp13 + F44*fp14 + F45*fp15 + d11*dt2
    np15 = F50*fp10 + F51*fp11 + F52*fp12 + F53*fp13 + F54*fp14 + F55*fp15 + d12*dt2
    np22 = F20*fp20 + F21*fp21 + F22*fp22 + F23*fp23 + F24*fp24 + F25*fp25 + d22*dt3
    np23 = F30*fp20 + F31*fp21 + F32*fp22 + F33*fp23 + F34*fp24 + F35*fp25 + d02*dt2
    np24 = F40*fp20 + F41*fp21 + F42*fp22 + F43*fp23 + F44*fp24 + F45*fp25 + d12*dt2
    np25 = F50*fp20 + F51*fp21 + F52*fp22 + F53*fp23 + F54*fp24 + F55*fp25 + d22*dt2
    np33 = F30*fp30 + F31*fp31 + F32*fp32 + F33*fp33 + F34*fp34 + F35*fp35 + d00*dt_s
    np34 = F40*fp30 + F41*fp31 + F42*fp32 + F43*fp33 + F44*fp34 + F45*fp35 + d01*dt_s
    np35 = F50*fp30 + F51*fp31 + F52*fp32 + F53*fp33 + F54*fp34 + F55*fp35 + d02*dt_s
    np44 = F40*fp40 + F41*fp41 + F42*fp42 + F43*fp43 + F44*fp44 + F45*fp45 + d11*dt_s
    np45 = F50*fp40 + F51*fp41 + F52*fp42 + F53*fp43 + F54*fp44 + F55*fp45 + d12*dt_s
    np55 = F50*fp50 + F51*fp51 + F52*fp52 + F53*fp53 + F54*fp54 + F55*fp55 + d22*dt_s
    state_out[0] = n0
    state_out[1] = n1
    state_out[2] = n2
    state_out[3] = n3
    state_out[4] = n4
    state_out[5] = n5
    cov_out[0] = np00
    cov_out[1] = np01
    cov_out[2] = np02
    cov_out[3] = np03
    cov_out[4] = np04
    cov_out[5] = np05
    cov_out[6] = np11
    cov_out[7] = np12
    cov_out[8] = np13
    cov_out[9] = np14
    cov_out[10] = np15
    cov_out[11] = np22
    cov_out[12] = np23
    cov_out[13] = np24
    cov_out[14] = np25
    cov_out[15] = np33
    cov_out[16] = np34
    cov_out[17] = np35
    cov_out[18] = np44
    cov_out[19] = np45
    cov_out[20] = np55


@lean(inline=True, contract=True)
def mix(
    state: F64, cov: F64, mean: F64, mean_cov: F64, own: float, state_out: F64, cov_out: F64
) -> None:
    """Blend one model's state with the mean of all, as the interaction of an IMM does.

    Args:
        state: (6,) position and velocity, region frame.
        cov: (21,) packed upper triangle of its covariance.
        mean: (6,) mean of the mixture.
        mean_cov: (21,) its covariance, or what is summed of it so far.
        own: weight of the model's own state; the combined mean has the rest.
        state_out: (6,) result; may be `state`.
        cov_out: (21,) result; may be one of the covariances given.

    Source: Y. Bar-Shalom, X. R. Li, T. Kirubarajan, Estimation with Applications to Tracking and
    Navigation (2001), section 11.6.6; for a chain that forgets (see `imm`).
    """
    x0 = state[0]
    x1 = state[1]
    x2 = state[2]
    x3 = state[3]
    x4 = state[4]
    x5 = state[5]
    p00 = cov[0]
    p01 = cov[1]
    p02 = cov[2]
    p03 = cov[3]
    p04 = cov[4]
    p05 = cov[5]
    p11 = cov[6]
    p12 = cov[7]
    p13 = cov[8]
    p14 = cov[9]
    p15 = cov[10]
    p22 = cov[11]
    p23 = cov[12]
    p24 = cov[13]
    p25 = cov[14]
    p33 = cov[15]
    p34 = cov[16]
    p35 = cov[17]
    p44 = cov[18]
    p45 = cov[19]
    p55 = cov[20]
    m0 = mean[0]
    m1 = mean[1]
    m2 = mean[2]
    m3 = mean[3]
    m4 = mean[4]
    m5 = mean[5]
    c00 = mean_cov[0]
    c01 = mean_cov[1]
    c02 = mean_cov[2]
    c03 = mean_cov[3]
    c04 = mean_cov[4]
    c05 = mean_cov[5]
    c11 = mean_cov[6]
    c12 = mean_cov[7]
    c13 = mean_cov[8]
    c14 = mean_cov[9]
    c15 = mean_cov[10]
    c22 = mean_cov[11]
    c23 = mean_cov[12]
    c24 = mean_cov[13]
    c25 = mean_cov[14]
    c33 = mean_cov[15]
    c34 = mean_cov[16]
    c35 = mean_cov[17]
    c44 = mean_cov[18]
    c45 = mean_cov[19]
    c55 = mean_cov[20]
    a0 = -m0 + x0
    a1 = -m1 + x1
    a2 = -m2 + x2
    a3 = -m3 + x3
    a4 = -m4 + x4
    a5 = -m5 + x5
    n0 = a0*own + m0
    n1 = a1*own + m1
    n2 = a2*own + m2
    n3 = a3*own + m3
    n4 = a4*own + m4
    n5 = a5*own + m5
    np00 = c00 + own*((a0 * a0)*(1 - own) - c00 + p00)
    np01 = c01 + own*(a0*a1*(1 - own) - c01 + p01)
    np02 = c02 + own*(a0*a2*(1 - own) - c02 + p02)
    np03 = c03 + own*(a0*a3*(1 - own) - c03 + p03)
    np04 = c04 + own*(a0*a4*(1 - own) - c04 + p04)
    np05 = c05 + own*(a0*a5*(1 - own) - c05 + p05)
    np11 = c11 + own*((a1 * a1)*(1 - own) - c11 + p11)
    np12 = c12 + own*(a1*a2*(1 - own) - c12 + p12)
    np13 = c13 + own*(a1*a3*(1 - own) - c13 + p13)
    np14 = c14 + own*(a1*a4*(1 - own) - c14 + p14)
    np15 = c15 + own*(a1*a5*(1 - own) - c15 + p15)
    np22 = c22 + own*((a2 * a2)*(1 - own) - c22 + p22)
    np23 = c23 + own*(a2*a3*(1 - own) - c23 + p23)
    np24 = c24 + own*(a2*a4*(1 - own) - c24 + p24)
    np25 = c25 + own*(a2*a5*(1 - own) - c25 + p25)
    np33 = c33 + own*((a3 * a3)*(1 - own) - c33 + p33)
    np34 = c34 + own*(a3*a4*(1 - own) - c34 + p34)
    np35 = c35 + own*(a3*a5*(1 - own) - c35 + p35)
    np44 = c44 + own*((a4 * a4)*(1 - own) - c44 + p44)
    np45 = c45 + own*(a4*a5*(1 - own) - c45 + p45)
    np55 = c55 + own*((a5 * a5)*(1 - own) - c55 + p55)
    state_out[0] = n0
    state_out[1] = n1
    state_out[2] = n2
    state_out[3] = n3
    state_out[4] = n4
    state_out[5] = n5
    cov_out[0] = np00
    cov_out[1] = np01
    cov_out[2] = np02
    cov_out[3] = np03
    cov_out[4] = np04
    cov_out[5] = np05
    cov_out[6] = np11
    cov_out[7] = np12
    cov_out[8] = np13
    cov_out[9] = np14
    cov_out[10] = np15
    cov_out[11] = np22
    cov_out[12] = np23
    cov_out[13] = np24
    cov_out[14] = np25
    cov_out[15] = np33
    cov_out[16] = np34
    cov_out[17] = np35
    cov_out[18] = np44
    cov_out[19] = np45
    cov_out[20] = np55


@lean(inline=True, contract=True)
def add_spread(
    state: F64, cov: F64, mean: F64, mean_cov: F64, weight: float, cov_out: F64
) -> None:
    """Add one weighted part to the covariance of a mixture whose mean is known.

    Args:
        state: (6,) position and velocity, region frame.
        cov: (21,) packed upper triangle of its covariance.
        mean: (6,) mean of the mixture.
        mean_cov: (21,) its covariance, or what is summed of it so far.
        weight: of this part.
        cov_out: (21,) result; may be one of the covariances given.

    Source: Y. Bar-Shalom, X. R. Li, T. Kirubarajan, Estimation with Applications to Tracking and
    Navigation (2001), section 1.4.16.
    """
    x0 = state[0]
    x1 = state[1]
    x2 = state[2]
    x3 = state[3]
    x4 = state[4]
    x5 = state[5]
    p00 = cov[0]
    p01 = cov[1]
    p02 = cov[2]
    p03 = cov[3]
    p04 = cov[4]
    p05 = cov[5]
    p11 = cov[6]
    p12 = cov[7]
    p13 = cov[8]
    p14 = cov[9]
    p15 = cov[10]
    p22 = cov[11]
    p23 = cov[12]
    p24 = cov[13]
    p25 = cov[14]
    p33 = cov[15]
    p34 = cov[16]
    p35 = cov[17]
    p44 = cov[18]
    p45 = cov[19]
    p55 = cov[20]
    m0 = mean[0]
    m1 = mean[1]
    m2 = mean[2]
    m3 = mean[3]
    m4 = mean[4]
    m5 = mean[5]
    c00 = mean_cov[0]
    c01 = mean_cov[1]
    c02 = mean_cov[2]
    c03 = mean_cov[3]
    c04 = mean_cov[4]
    c05 = mean_cov[5]
    c11 = mean_cov[6]
    c12 = mean_cov[7]
    c13 = mean_cov[8]
    c14 = mean_cov[9]
    c15 = mean_cov[10]
    c22 = mean_cov[11]
    c23 = mean_cov[12]
    c24 = mean_cov[13]
    c25 = mean_cov[14]
    c33 = mean_cov[15]
    c34 = mean_cov[16]
    c35 = mean_cov[17]
    c44 = mean_cov[18]
    c45 = mean_cov[19]
    c55 = mean_cov[20]
    a0 = -m0 + x0
    a1 = -m1 + x1
    a2 = -m2 + x2
    a3 = -m3 + x3
    a4 = -m4 + x4
    a5 = -m5 + x5
    np00 = c00 + weight*((a0 * a0) + p00)
    np01 = c01 + weight*(a0*a1 + p01)
    np02 = c02 + weight*(a0*a2 + p02)
    np03 = c03 + weight*(a0*a3 + p03)
    np04 = c04 + weight*(a0*a4 + p04)
    np05 = c05 + weight*(a0*a5 + p05)
    np11 = c11 + weight*((a1 * a1) + p11)
    np12 = c12 + weight*(a1*a2 + p12)
    np13 = c13 + weight*(a1*a3 + p13)
    np14 = c14 + weight*(a1*a4 + p14)
    np15 = c15 + weight*(a1*a5 + p15)
    np22 = c22 + weight*((a2 * a2) + p22)
    np23 = c23 + weight*(a2*a3 + p23)
    np24 = c24 + weight*(a2*a4 + p24)
    np25 = c25 + weight*(a2*a5 + p25)
    np33 = c33 + weight*((a3 * a3) + p33)
    np34 = c34 + weight*(a3*a4 + p34)
    np35 = c35 + weight*(a3*a5 + p35)
    np44 = c44 + weight*((a4 * a4) + p44)
    np45 = c45 + weight*(a4*a5 + p45)
    np55 = c55 + weight*((a5 * a5) + p55)
    cov_out[0] = np00
    cov_out[1] = np01
    cov_out[2] = np02
    cov_out[3] = np03
    cov_out[4] = np04
    cov_out[5] = np05
    cov_out[6] = np11
    cov_out[7] = np12
    cov_out[8] = np13
    cov_out[9] = np14
    cov_out[10] = np15
    cov_out[11] = np22
    cov_out[12] = np23
    cov_out[13] = np24
    cov_out[14] = np25
    cov_out[15] = np33
    cov_out[16] = np34
    cov_out[17] = np35
    cov_out[18] = np44
    cov_out[19] = np45
    cov_out[20] = np55


@lean(inline=True, contract=True)
def gate_position(
    state: F64, cov: F64, plot_m: F64, plot_cov: F64, dt_s: float, noise: F64
) -> tuple[float, float]:
    """Return how far a plot is from a state: three dimensions.

    Args:
        state: (6,) position and velocity, region frame.
        cov: (21,) packed upper triangle of its covariance.
        plot_m: (3,) position of the plot, or (2,) without height.
        plot_cov: (6,) packed upper triangle of its covariance; a plot without height: (0, 1, 3).
        dt_s: seconds from the state to the new time.
        noise: (4,) see `tocsin.motion.models.Noise`.

    Returns:
        Squared Mahalanobis distance, and determinant of the innovation's covariance.
    """
    x0 = state[0]
    x1 = state[1]
    x2 = state[2]
    x3 = state[3]
    x4 = state[4]
    x5 = state[5]
    p00 = cov[0]
    p01 = cov[1]
    p02 = cov[2]
    p03 = cov[3]
    p04 = cov[4]
    p05 = cov[5]
    p11 = cov[6]
    p12 = cov[7]
    p13 = cov[8]
    p14 = cov[9]
    p15 = cov[10]
    p22 = cov[11]
    p23 = cov[12]
    p24 = cov[13]
    p25 = cov[14]
    p33 = cov[15]
    p34 = cov[16]
    p35 = cov[17]
    p44 = cov[18]
    p45 = cov[19]
    p55 = cov[20]
    z0 = plot_m[0]
    z1 = plot_m[1]
    z2 = plot_m[2]
    r00 = plot_cov[0]
    r01 = plot_cov[1]
    r02 = plot_cov[2]
    r11 = plot_cov[3]
    r12 = plot_cov[4]
    r22 = plot_cov[5]
    q0 = noise[0]
    q1 = noise[1]
    q2 = noise[2]
    q3 = noise[3]
    d00 = q0 + q1*(x4 * x4) + q2*(x3 * x3)
    d01 = x3*x4*(-q1 + q2)
    d11 = q0 + q1*(x3 * x3) + q2*(x4 * x4)
    late3 = (0.3333333333333333)*(dt_s * dt_s)*abs(dt_s)
    v0 = -dt_s*x3 - x0 + z0
    v1 = -dt_s*x4 - x1 + z1
    v2 = -dt_s*x5 - x2 + z2
    ph00 = dt_s*p03 + p00
    ph01 = dt_s*p04 + p01
    ph02 = dt_s*p05 + p02
    ph11 = dt_s*p14 + p11
    ph12 = dt_s*p15 + p12
    ph22 = dt_s*p25 + p22
    ph30 = dt_s*p33 + p03
    ph31 = dt_s*p34 + p13
    ph32 = dt_s*p35 + p23
    ph41 = dt_s*p44 + p14
    ph42 = dt_s*p45 + p24
    ph52 = dt_s*p55 + p25
    s00 = d00*late3 + dt_s*ph30 + ph00 + r00
    s01 = d01*late3 + dt_s*ph31 + ph01 + r01
    s02 = dt_s*ph32 + ph02 + r02
    s11 = d11*late3 + dt_s*ph41 + ph11 + r11
    s12 = dt_s*ph42 + ph12 + r12
    s22 = dt_s*ph52 + late3*q3 + ph22 + r22
    i_0 = (1.0 / (s00))
    l_10 = i_0*s01
    l_20 = i_0*s02
    d_1 = -(l_10 * l_10)*s00 + s11
    i_1 = (1.0 / (d_1))
    l_21 = i_1*(-l_10*l_20*s00 + s12)
    d_2 = -d_1*(l_21 * l_21) - (l_20 * l_20)*s00 + s22
    i_2 = (1.0 / (d_2))
    e1 = -l_10*v0 + v1
    e2 = -e1*l_21 - l_20*v0 + v2
    distance2 = (e1 * e1)*i_1 + (e2 * e2)*i_2 + i_0*(v0 * v0)
    determinant = d_1*d_2*s00
    return distance2, determinant


@lean(inline=True, contract=True)
def gate_plane(
    state: F64, cov: F64, plot_m: F64, plot_cov: F64, dt_s: float, noise: F64
) -> tuple[float, float]:
    """Return how far a plot is from a state: no height.

    Args:
        state: (6,) position and velocity, region frame.
        cov: (21,) packed upper triangle of its covariance.
        plot_m: (3,) position of the plot, or (2,) without height.
        plot_cov: (6,) packed upper triangle of its covariance; a plot without height: (0, 1, 3).
        dt_s: seconds from the state to the new time.
        noise: (4,) see `tocsin.motion.models.Noise`.

    Returns:
        Squared Mahalanobis distance, and determinant of the innovation's covariance.
    """
    x0 = state[0]
    x1 = state[1]
    x3 = state[3]
    x4 = state[4]
    p00 = cov[0]
    p01 = cov[1]
    p03 = cov[3]
    p04 = cov[4]
    p11 = cov[6]
    p13 = cov[8]
    p14 = cov[9]
    p33 = cov[15]
    p34 = cov[16]
    p44 = cov[18]
    z0 = plot_m[0]
    z1 = plot_m[1]
    r00 = plot_cov[0]
    r01 = plot_cov[1]
    r11 = plot_cov[3]
    q0 = noise[0]
    q1 = noise[1]
    q2 = noise[2]
    d00 = q0 + q1*(x4 * x4) + q2*(x3 * x3)
    d01 = x3*x4*(-q1 + q2)
    d11 = q0 + q1*(x3 * x3) + q2*(x4 * x4)
    late3 = (0.3333333333333333)*(dt_s * dt_s)*abs(dt_s)
    v0 = -dt_s*x3 - x0 + z0
    v1 = -dt_s*x4 - x1 + z1
    ph00 = dt_s*p03 + p00
    ph01 = dt_s*p04 + p01
    ph11 = dt_s*p14 + p11
    ph30 = dt_s*p33 + p03
    ph31 = dt_s*p34 + p13
    ph41 = dt_s*p44 + p14
    s00 = d00*late3 + dt_s*ph30 + ph00 + r00
    s01 = d01*late3 + dt_s*ph31 + ph01 + r01
    s11 = d11*late3 + dt_s*ph41 + ph11 + r11
    i_0 = (1.0 / (s00))
    l_10 = i_0*s01
    d_1 = -(l_10 * l_10)*s00 + s11
    i_1 = (1.0 / (d_1))
    e1 = -l_10*v0 + v1
    distance2 = (e1 * e1)*i_1 + i_0*(v0 * v0)
    determinant = d_1*s00
    return distance2, determinant


@lean(inline=True, contract=True)
def update_position(
    state: F64, cov: F64, plot_m: F64, plot_cov: F64, dt_s: float, noise: F64, state_out: F64,
    cov_out: F64
) -> float:
    """Update by a position at its own time: three dimensions.

    Args:
        state: (6,) position and velocity, region frame.
        cov: (21,) packed upper triangle of its covariance.
        plot_m: (3,) position of the plot, or (2,) without height.
        plot_cov: (6,) packed upper triangle of its covariance; a plot without height: (0, 1, 3).
        dt_s: seconds from the state to the new time.
        noise: (4,) see `tocsin.motion.models.Noise`.
        state_out: (6,) result; may be `state`.
        cov_out: (21,) result; may be one of the covariances given.

    Returns:
        Log density of the plot.

    Source: Y. Bar-Shalom, X. R. Li, T. Kirubarajan, Estimation with Applications to Tracking and
    Navigation (2001), section 5.2.
    """
    x0 = state[0]
    x1 = state[1]
    x2 = state[2]
    x3 = state[3]
    x4 = state[4]
    x5 = state[5]
    p00 = cov[0]
    p01 = cov[1]
    p02 = cov[2]
    p03 = cov[3]
    p04 = cov[4]
    p05 = cov[5]
    p11 = cov[6]
    p12 = cov[7]
    p13 = cov[8]
    p14 = cov[9]
    p15 = cov[10]
    p22 = cov[11]
    p23 = cov[12]
    p24 = cov[13]
    p25 = cov[14]
    p33 = cov[15]
    p34 = cov[16]
    p35 = cov[17]
    p44 = cov[18]
    p45 = cov[19]
    p55 = cov[20]
    z0 = plot_m[0]
    z1 = plot_m[1]
    z2 = plot_m[2]
    r00 = plot_cov[0]
    r01 = plot_cov[1]
    r02 = plot_cov[2]
    r11 = plot_cov[3]
    r12 = plot_cov[4]
    r22 = plot_cov[5]
    q0 = noise[0]
    q1 = noise[1]
    q2 = noise[2]
    q3 = noise[3]
    d00 = q0 + q1*(x4 * x4) + q2*(x3 * x3)
    d01 = x3*x4*(-q1 + q2)
    d11 = q0 + q1*(x3 * x3) + q2*(x4 * x4)
    late3 = (0.3333333333333333)*(dt_s * dt_s)*abs(dt_s)
    v0 = -dt_s*x3 - x0 + z0
    v1 = -dt_s*x4 - x1 + z1
    v2 = -dt_s*x5 - x2 + z2
    ph00 = dt_s*p03 + p00
    ph01 = dt_s*p04 + p01
    ph02 = dt_s*p05 + p02
    ph10 = dt_s*p13 + p01
    ph11 = dt_s*p14 + p11
    ph12 = dt_s*p15 + p12
    ph20 = dt_s*p23 + p02
    ph21 = dt_s*p24 + p12
    ph22 = dt_s*p25 + p22
    ph30 = dt_s*p33 + p03
    ph31 = dt_s*p34 + p13
    ph32 = dt_s*p35 + p23
    ph40 = dt_s*p34 + p04
    ph41 = dt_s*p44 + p14
    ph42 = dt_s*p45 + p24
    ph50 = dt_s*p35 + p05
    ph51 = dt_s*p45 + p15
    ph52 = dt_s*p55 + p25
    s00 = d00*late3 + dt_s*ph30 + ph00 + r00
    s01 = d01*late3 + dt_s*ph31 + ph01 + r01
    s02 = dt_s*ph32 + ph02 + r02
    s11 = d11*late3 + dt_s*ph41 + ph11 + r11
    s12 = dt_s*ph42 + ph12 + r12
    s22 = dt_s*ph52 + late3*q3 + ph22 + r22
    i_0 = (1.0 / (s00))
    l_10 = i_0*s01
    l_20 = i_0*s02
    d_1 = -(l_10 * l_10)*s00 + s11
    i_1 = (1.0 / (d_1))
    l_21 = i_1*(-l_10*l_20*s00 + s12)
    d_2 = -d_1*(l_21 * l_21) - (l_20 * l_20)*s00 + s22
    i_2 = (1.0 / (d_2))
    e1 = -l_10*v0 + v1
    e2 = -e1*l_21 - l_20*v0 + v2
    distance2 = (e1 * e1)*i_1 + (e2 * e2)*i_2 + i_0*(v0 * v0)
    determinant = d_1*d_2*s00
    b01 = -l_10*ph00 + ph01
    b02 = -b01*l_21 - l_20*ph00 + ph02
    b11 = -l_10*ph10 + ph11
    b12 = -b11*l_21 - l_20*ph10 + ph12
    b21 = -l_10*ph20 + ph21
    b22 = -b21*l_21 - l_20*ph20 + ph22
    b31 = -l_10*ph30 + ph31
    b32 = -b31*l_21 - l_20*ph30 + ph32
    b41 = -l_10*ph40 + ph41
    b42 = -b41*l_21 - l_20*ph40 + ph42
    b51 = -l_10*ph50 + ph51
    b52 = -b51*l_21 - l_20*ph50 + ph52
    k00 = i_0*ph00
    k01 = b01*i_1
    k02 = b02*i_2
    k10 = i_0*ph10
    k11 = b11*i_1
    k12 = b12*i_2
    k20 = i_0*ph20
    k21 = b21*i_1
    k22 = b22*i_2
    k30 = i_0*ph30
    k31 = b31*i_1
    k32 = b32*i_2
    k40 = i_0*ph40
    k41 = b41*i_1
    k42 = b42*i_2
    k50 = i_0*ph50
    k51 = b51*i_1
    k52 = b52*i_2
    n0 = e1*k01 + e2*k02 + k00*v0 + x0
    n1 = e1*k11 + e2*k12 + k10*v0 + x1
    n2 = e1*k21 + e2*k22 + k20*v0 + x2
    n3 = e1*k31 + e2*k32 + k30*v0 + x3
    n4 = e1*k41 + e2*k42 + k40*v0 + x4
    n5 = e1*k51 + e2*k52 + k50*v0 + x5
    np00 = -b01*k01 - b02*k02 - k00*ph00 + p00
    np01 = -b11*k01 - b12*k02 - k00*ph10 + p01
    np02 = -b21*k01 - b22*k02 - k00*ph20 + p02
    np03 = -b31*k01 - b32*k02 - k00*ph30 + p03
    np04 = -b41*k01 - b42*k02 - k00*ph40 + p04
    np05 = -b51*k01 - b52*k02 - k00*ph50 + p05
    np11 = -b11*k11 - b12*k12 - k10*ph10 + p11
    np12 = -b21*k11 - b22*k12 - k10*ph20 + p12
    np13 = -b31*k11 - b32*k12 - k10*ph30 + p13
    np14 = -b41*k11 - b42*k12 - k10*ph40 + p14
    np15 = -b51*k11 - b52*k12 - k10*ph50 + p15
    np22 = -b21*k21 - b22*k22 - k20*ph20 + p22
    np23 = -b31*k21 - b32*k22 - k20*ph30 + p23
    np24 = -b41*k21 - b42*k22 - k20*ph40 + p24
    np25 = -b51*k21 - b52*k22 - k20*ph50 + p25
    np33 = -b31*k31 - b32*k32 - k30*ph30 + p33
    np34 = -b41*k31 - b42*k32 - k30*ph40 + p34
    np35 = -b51*k31 - b52*k32 - k30*ph50 + p35
    np44 = -b41*k41 - b42*k42 - k40*ph40 + p44
    np45 = -b51*k41 - b52*k42 - k40*ph50 + p45
    np55 = -b51*k51 - b52*k52 - k50*ph50 + p55
    state_out[0] = n0
    state_out[1] = n1
    state_out[2] = n2
    state_out[3] = n3
    state_out[4] = n4
    state_out[5] = n5
    cov_out[0] = np00
    cov_out[1] = np01
    cov_out[2] = np02
    cov_out[3] = np03
    cov_out[4] = np04
    cov_out[5] = np05
    cov_out[6] = np11
    cov_out[7] = np12
    cov_out[8] = np13
    cov_out[9] = np14
    cov_out[10] = np15
    cov_out[11] = np22
    cov_out[12] = np23
    cov_out[13] = np24
    cov_out[14] = np25
    cov_out[15] = np33
    cov_out[16] = np34
    cov_out[17] = np35
    cov_out[18] = np44
    cov_out[19] = np45
    cov_out[20] = np55
    return float(-0.5 * (distance2 + math.log(determinant) + 5.513631199228036))


@lean(inline=True, contract=True)
def update_plane(
    state: F64, cov: F64, plot_m: F64, plot_cov: F64, dt_s: float, noise: F64, state_out: F64,
    cov_out: F64
) -> float:
    """Update by a position at its own time: no height.

    Args:
        state: (6,) position and velocity, region frame.
        cov: (21,) packed upper triangle of its covariance.
        plot_m: (3,) position of the plot, or (2,) without height.
        plot_cov: (6,) packed upper triangle of its covariance; a plot without height: (0, 1, 3).
        dt_s: seconds from the state to the new time.
        noise: (4,) see `tocsin.motion.models.Noise`.
        state_out: (6,) result; may be `state`.
        cov_out: (21,) result; may be one of the covariances given.

    Returns:
        Log density of the plot.

    Source: Y. Bar-Shalom, X. R. Li, T. Kirubarajan, Estimation with Applications to Tracking and
    Navigation (2001), section 5.2.
    """
    x0 = state[0]
    x1 = state[1]
    x2 = state[2]
    x3 = state[3]
    x4 = state[4]
    x5 = state[5]
    p00 = cov[0]
    p01 = cov[1]
    p02 = cov[2]
    p03 = cov[3]
    p04 = cov[4]
    p05 = cov[5]
    p11 = cov[6]
    p12 = cov[7]
    p13 = cov[8]
    p14 = cov[9]
    p15 = cov[10]
    p22 = cov[11]
    p23 = cov[12]
    p24 = cov[13]
    p25 = cov[14]
    p33 = cov[15]
    p34 = cov[16]
    p35 = cov[17]
    p44 = cov[18]
    p45 = cov[19]
    p55 = cov[20]
    z0 = plot_m[0]
    z1 = plot_m[1]
    r00 = plot_cov[0]
    r01 = plot_cov[1]
    r11 = plot_cov[3]
    q0 = noise[0]
    q1 = noise[1]
    q2 = noise[2]
    d00 = q0 + q1*(x4 * x4) + q2*(x3 * x3)
    d01 = x3*x4*(-q1 + q2)
    d11 = q0 + q1*(x3 * x3) + q2*(x4 * x4)
    late3 = (0.3333333333333333)*(dt_s * dt_s)*abs(dt_s)
    v0 = -dt_s*x3 - x0 + z0
    v1 = -dt_s*x4 - x1 + z1
    ph00 = dt_s*p03 + p00
    ph01 = dt_s*p04 + p01
    ph10 = dt_s*p13 + p01
    ph11 = dt_s*p14 + p11
    ph20 = dt_s*p23 + p02
    ph21 = dt_s*p24 + p12
    ph30 = dt_s*p33 + p03
    ph31 = dt_s*p34 + p13
    ph40 = dt_s*p34 + p04
    ph41 = dt_s*p44 + p14
    ph50 = dt_s*p35 + p05
    ph51 = dt_s*p45 + p15
    s00 = d00*late3 + dt_s*ph30 + ph00 + r00
    s01 = d01*late3 + dt_s*ph31 + ph01 + r01
    s11 = d11*late3 + dt_s*ph41 + ph11 + r11
    i_0 = (1.0 / (s00))
    l_10 = i_0*s01
    d_1 = -(l_10 * l_10)*s00 + s11
    i_1 = (1.0 / (d_1))
    e1 = -l_10*v0 + v1
    distance2 = (e1 * e1)*i_1 + i_0*(v0 * v0)
    determinant = d_1*s00
    b01 = -l_10*ph00 + ph01
    b11 = -l_10*ph10 + ph11
    b21 = -l_10*ph20 + ph21
    b31 = -l_10*ph30 + ph31
    b41 = -l_10*ph40 + ph41
    b51 = -l_10*ph50 + ph51
    k00 = i_0*ph00
    k01 = b01*i_1
    k10 = i_0*ph10
    k11 = b11*i_1
    k20 = i_0*ph20
    k21 = b21*i_1
    k30 = i_0*ph30
    k31 = b31*i_1
    k40 = i_0*ph40
    k41 = b41*i_1
    k50 = i_0*ph50
    k51 = b51*i_1
    n0 = e1*k01 + k00*v0 + x0
    n1 = e1*k11 + k10*v0 + x1
    n2 = e1*k21 + k20*v0 + x2
    n3 = e1*k31 + k30*v0 + x3
    n4 = e1*k41 + k40*v0 + x4
    n5 = e1*k51 + k50*v0 + x5
    np00 = -b01*k01 - k00*ph00 + p00
    np01 = -b11*k01 - k00*ph10 + p01
    np02 = -b21*k01 - k00*ph20 + p02
    np03 = -b31*k01 - k00*ph30 + p03
    np04 = -b41*k01 - k00*ph40 + p04
    np05 = -b51*k01 - k00*ph50 + p05
    np11 = -b11*k11 - k10*ph10 + p11
    np12 = -b21*k11 - k10*ph20 + p12
    np13 = -b31*k11 - k10*ph30 + p13
    np14 = -b41*k11 - k10*ph40 + p14
    np15 = -b51*k11 - k10*ph50 + p15
    np22 = -b21*k21 - k20*ph20 + p22
    np23 = -b31*k21 - k20*ph30 + p23
    np24 = -b41*k21 - k20*ph40 + p24
    np25 = -b51*k21 - k20*ph50 + p25
    np33 = -b31*k31 - k30*ph30 + p33
    np34 = -b41*k31 - k30*ph40 + p34
    np35 = -b51*k31 - k30*ph50 + p35
    np44 = -b41*k41 - k40*ph40 + p44
    np45 = -b51*k41 - k40*ph50 + p45
    np55 = -b51*k51 - k50*ph50 + p55
    state_out[0] = n0
    state_out[1] = n1
    state_out[2] = n2
    state_out[3] = n3
    state_out[4] = n4
    state_out[5] = n5
    cov_out[0] = np00
    cov_out[1] = np01
    cov_out[2] = np02
    cov_out[3] = np03
    cov_out[4] = np04
    cov_out[5] = np05
    cov_out[6] = np11
    cov_out[7] = np12
    cov_out[8] = np13
    cov_out[9] = np14
    cov_out[10] = np15
    cov_out[11] = np22
    cov_out[12] = np23
    cov_out[13] = np24
    cov_out[14] = np25
    cov_out[15] = np33
    cov_out[16] = np34
    cov_out[17] = np35
    cov_out[18] = np44
    cov_out[19] = np45
    cov_out[20] = np55
    return float(-0.5 * (distance2 + math.log(determinant) + 3.6757541328186907))


@lean(inline=True, contract=True)
def update_range_rate(
    state: F64, cov: F64, sensor_m: F64, rate_mps: float, rate_var_m2ps2: float, dt_s: float,
    noise: F64, state_out: F64, cov_out: F64
) -> float:
    """Update by a range rate at its own time, after the position's update.

    Args:
        state: (6,) position and velocity, region frame.
        cov: (21,) packed upper triangle of its covariance.
        sensor_m: (3,) position of the sensor.
        rate_mps: measured range rate, positive receding.
        rate_var_m2ps2: its variance.
        dt_s: seconds from the state to the new time.
        noise: (4,) see `tocsin.motion.models.Noise`.
        state_out: (6,) result; may be `state`.
        cov_out: (21,) result; may be one of the covariances given.

    Returns:
        Log density of the range rate.

    Source: S. S. Blackman, R. Popoli, Design and Analysis of Modern Tracking Systems (1999),
    section 3.6: sequential processing.
    """
    x0 = state[0]
    x1 = state[1]
    x2 = state[2]
    x3 = state[3]
    x4 = state[4]
    x5 = state[5]
    p00 = cov[0]
    p01 = cov[1]
    p02 = cov[2]
    p03 = cov[3]
    p04 = cov[4]
    p05 = cov[5]
    p11 = cov[6]
    p12 = cov[7]
    p13 = cov[8]
    p14 = cov[9]
    p15 = cov[10]
    p22 = cov[11]
    p23 = cov[12]
    p24 = cov[13]
    p25 = cov[14]
    p33 = cov[15]
    p34 = cov[16]
    p35 = cov[17]
    p44 = cov[18]
    p45 = cov[19]
    p55 = cov[20]
    s0 = sensor_m[0]
    s1 = sensor_m[1]
    s2 = sensor_m[2]
    q0 = noise[0]
    q1 = noise[1]
    q2 = noise[2]
    q3 = noise[3]
    y0 = dt_s*x3 - s0 + x0
    y1 = dt_s*x4 - s1 + x1
    y2 = dt_s*x5 - s2 + x2
    ir = (1.0 / math.sqrt((y0 * y0) + (y1 * y1) + (y2 * y2)))
    u0 = ir*y0
    u1 = ir*y1
    u2 = ir*y2
    expected = u0*x3 + u1*x4 + u2*x5
    g0 = ir*(-expected*u0 + x3)
    g1 = ir*(-expected*u1 + x4)
    g2 = ir*(-expected*u2 + x5)
    w0 = dt_s*g0 + u0
    w1 = dt_s*g1 + u1
    w2 = dt_s*g2 + u2
    ph0 = g0*p00 + g1*p01 + g2*p02 + p03*w0 + p04*w1 + p05*w2
    ph1 = g0*p01 + g1*p11 + g2*p12 + p13*w0 + p14*w1 + p15*w2
    ph2 = g0*p02 + g1*p12 + g2*p22 + p23*w0 + p24*w1 + p25*w2
    ph3 = g0*p03 + g1*p13 + g2*p23 + p33*w0 + p34*w1 + p35*w2
    ph4 = g0*p04 + g1*p14 + g2*p24 + p34*w0 + p44*w1 + p45*w2
    ph5 = g0*p05 + g1*p15 + g2*p25 + p35*w0 + p45*w1 + p55*w2
    d00 = q0 + q1*(x4 * x4) + q2*(x3 * x3)
    d01 = x3*x4*(-q1 + q2)
    d11 = q0 + q1*(x3 * x3) + q2*(x4 * x4)
    s = (
        g0*ph0 + g1*ph1 + g2*ph2 + ph3*w0 + ph4*w1 + ph5*w2 + rate_var_m2ps2 + (q3*(u2 * u2) +
        u0*(d00*u0 + d01*u1) + u1*(d01*u0 + d11*u1))*abs(dt_s)
    )
    is_ = (1.0 / (s))
    off = -expected + rate_mps
    n0 = is_*off*ph0 + x0
    n1 = is_*off*ph1 + x1
    n2 = is_*off*ph2 + x2
    n3 = is_*off*ph3 + x3
    n4 = is_*off*ph4 + x4
    n5 = is_*off*ph5 + x5
    distance2 = is_*(off * off)
    np00 = -is_*(ph0 * ph0) + p00
    np01 = -is_*ph0*ph1 + p01
    np02 = -is_*ph0*ph2 + p02
    np03 = -is_*ph0*ph3 + p03
    np04 = -is_*ph0*ph4 + p04
    np05 = -is_*ph0*ph5 + p05
    np11 = -is_*(ph1 * ph1) + p11
    np12 = -is_*ph1*ph2 + p12
    np13 = -is_*ph1*ph3 + p13
    np14 = -is_*ph1*ph4 + p14
    np15 = -is_*ph1*ph5 + p15
    np22 = -is_*(ph2 * ph2) + p22
    np23 = -is_*ph2*ph3 + p23
    np24 = -is_*ph2*ph4 + p24
    np25 = -is_*ph2*ph5 + p25
    np33 = -is_*(ph3 * ph3) + p33
    np34 = -is_*ph3*ph4 + p34
    np35 = -is_*ph3*ph5 + p35
    np44 = -is_*(ph4 * ph4) + p44
    np45 = -is_*ph4*ph5 + p45
    np55 = -is_*(ph5 * ph5) + p55
    state_out[0] = n0
    state_out[1] = n1
    state_out[2] = n2
    state_out[3] = n3
    state_out[4] = n4
    state_out[5] = n5
    cov_out[0] = np00
    cov_out[1] = np01
    cov_out[2] = np02
    cov_out[3] = np03
    cov_out[4] = np04
    cov_out[5] = np05
    cov_out[6] = np11
    cov_out[7] = np12
    cov_out[8] = np13
    cov_out[9] = np14
    cov_out[10] = np15
    cov_out[11] = np22
    cov_out[12] = np23
    cov_out[13] = np24
    cov_out[14] = np25
    cov_out[15] = np33
    cov_out[16] = np34
    cov_out[17] = np35
    cov_out[18] = np44
    cov_out[19] = np45
    cov_out[20] = np55
    return float(-0.5 * (distance2 + math.log(s) + 1.8378770664093453))
