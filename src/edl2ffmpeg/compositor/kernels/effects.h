// Effects on one sample of one layer, between sampling and blending.
//
// Note [Float effects]
//
// Samples are working samples (Note [Working samples]); effects that are more than a table compute
// in 32-bit floats with additions, products, quotients and square roots alone, which IEEE 754
// rounds the same everywhere.  Compilers must not fuse them (-ffp-contract=off, --fmad=false): so
// every device gives the same bits.
#pragma once

#include "working.h"

namespace edl2ffmpeg {

// Black, white and the largest chroma of limited range, as working samples.
constexpr float kLumaZero = -14336.0f;
constexpr float kLumaOne = 28032.0f;
constexpr float kChromaOne = 28672.0f;
constexpr int32_t kLumaLow = -14336;
constexpr int32_t kLumaHigh = 13696;
constexpr int32_t kChromaHalf = 14336;

HD float clamp01(float value) { return value < 0.0f ? 0.0f : (value > 1.0f ? 1.0f : value); }

// Nearest integer of |value| < 2^22, halves up.
HD int32_t nearest(float value) {
    return static_cast<int32_t>(value + 4194304.5f) - 4194304;
}

HD int32_t nearest_within(float value, float low, float high) {
    return nearest(value < low ? low : (value > high ? high : value));
}

HD int16_t to_luma(float value) {
    return static_cast<int16_t>(nearest_within(value, kLumaLow, kLumaHigh));
}
HD int16_t to_chroma(float value) {
    return static_cast<int16_t>(nearest_within(value, -kChromaHalf, kChromaHalf));
}
HD int16_t to_component(float value, int32_t component) {
    return component == 0 ? to_luma(value) : to_chroma(value);
}

// One row of a 3x3 matrix on working samples, with an offset.
HD float mix3(float y, float u, float v, const float *row, float offset) {
    return row[0] * y + row[1] * u + row[2] * v + offset;
}

// Gain of chroma at its magnitude, from a table over [0, sqrt(2) * kChromaHalf].
constexpr int32_t kMagnitudes = 20480;
HD float chroma_gain(float u, float v, const float *gains) {
    const int32_t magnitude = static_cast<int32_t>(square_root(u * u + v * v) + 0.5f);
    return gains[magnitude < kMagnitudes ? magnitude : kMagnitudes - 1];
}

// A value that rises smoothly from 0 at `from` to 1 at `to`.
HD float smooth_step(float value, float from, float to) {
    if (to <= from) return value < from ? 0.0f : 1.0f;
    const float share = clamp01((value - from) / (to - from));
    return share * share * (3.0f - 2.0f * share);
}

// Share of light left at (p, q), which run from -1 to 1 over the picture; its corner is at 1.
HD float vignette_gain(float p, float q, float strength, float radius, float softness) {
    const float distance = square_root((p * p + q * q) * 0.5f);
    return 1.0f - strength * smooth_step(distance, radius, radius + softness);
}

// Mixes a sample with a constant.
HD float toward(float value, float constant, float share) {
    return value + (constant - value) * share;
}

// A well mixed 32-bit number of three; the same on every device.
HD uint32_t hash3(uint32_t a, uint32_t b, uint32_t c) {
    uint32_t h = a * 0x9E3779B1u ^ b * 0x85EBCA77u ^ c * 0xC2B2AE3Du;
    h ^= h >> 15;
    h *= 0x2C1B3C6Du;
    h ^= h >> 12;
    h *= 0x297A2D39u;
    h ^= h >> 15;
    return h;
}

// Noise of triangular distribution in (-1, 1): two uniform numbers of 16 bits.
HD float triangular_noise(uint32_t bits) {
    const int32_t sum = static_cast<int32_t>(bits & 0xFFFFu) + static_cast<int32_t>(bits >> 16);
    return static_cast<float>(sum - 0xFFFF) * (1.0f / 65536.0f);
}

// A 3-D table of R'G'B' triples (0..1), red fastest, read by tetrahedral interpolation.
HD void look_up_cube(const float *cube, int32_t size, const float *rgb, float *out) {
    int32_t base[3];
    float part[3];
    for (int32_t i = 0; i < 3; ++i) {
        const float scaled = clamp01(rgb[i]) * static_cast<float>(size - 1);
        int32_t whole = static_cast<int32_t>(scaled);
        if (whole > size - 2) whole = size - 2;
        base[i] = whole;
        part[i] = scaled - static_cast<float>(whole);
    }
    const int32_t step[3] = {3, 3 * size, 3 * size * size};
    const float *low = cube + base[0] * step[0] + base[1] * step[1] + base[2] * step[2];
    // From the low corner to the high one along the axes in order of their parts, largest first.
    int32_t first = 0, second = 1, third = 2;
    if (part[second] > part[first]) { const int32_t t = first; first = second; second = t; }
    if (part[third] > part[second]) { const int32_t t = second; second = third; third = t; }
    if (part[second] > part[first]) { const int32_t t = first; first = second; second = t; }
    const float *one = low + step[first];
    const float *two = one + step[second];
    const float *high = two + step[third];
    for (int32_t i = 0; i < 3; ++i)
        out[i] = low[i] * (1.0f - part[first]) + one[i] * (part[first] - part[second]) +
                 two[i] * (part[second] - part[third]) + high[i] * part[third];
}

// Three 1-D tables side by side, each read by linear interpolation.
HD void look_up_lines(const float *lines, int32_t size, const float *rgb, float *out) {
    for (int32_t i = 0; i < 3; ++i) {
        const float scaled = clamp01(rgb[i]) * static_cast<float>(size - 1);
        int32_t whole = static_cast<int32_t>(scaled);
        if (whole > size - 2) whole = size - 2;
        const float part = scaled - static_cast<float>(whole);
        const float *low = lines + 3 * whole + i;
        out[i] = low[0] + (low[3] - low[0]) * part;
    }
}

// Where samples lie on the picture: p = scale_x * x + offset_x, likewise q, from -1 to 1 over it.
struct PictureGrid {
    float scale_x;
    float offset_x;
    float scale_y;
    float offset_y;

    HD float p(int32_t x) const { return scale_x * static_cast<float>(x) + offset_x; }
    HD float q(int32_t y) const { return scale_y * static_cast<float>(y) + offset_y; }
};

// The three components after a colour matrix.
HD void mix_components(const float *weights, const float *offsets, int16_t &y, int16_t &u,
                       int16_t &v) {
    const float a = y, b = u, c = v;
    y = to_luma(mix3(a, b, c, weights, offsets[0]));
    u = to_chroma(mix3(a, b, c, weights + 3, offsets[1]));
    v = to_chroma(mix3(a, b, c, weights + 6, offsets[2]));
}

HD void scale_chroma(const float *gains, int16_t &u, int16_t &v) {
    const float a = u, b = v;
    const float gain = chroma_gain(a, b, gains);
    u = to_chroma(a * gain);
    v = to_chroma(b * gain);
}

// A table of colours, mixed in by `strength`; `to` and `from` are rows of three weights and an
// offset, to R'G'B' and back.
HD void grade(const float *cube, int32_t size, bool is_3d, float strength, const float *to,
              const float *from, int16_t &y, int16_t &u, int16_t &v) {
    const float a = y, b = u, c = v;
    float rgb[3], graded[3], made[3];
    for (int32_t i = 0; i < 3; ++i) rgb[i] = mix3(a, b, c, to + 4 * i, to[4 * i + 3]);
    if (is_3d)
        look_up_cube(cube, size, rgb, graded);
    else
        look_up_lines(cube, size, rgb, graded);
    for (int32_t i = 0; i < 3; ++i)
        made[i] = mix3(graded[0], graded[1], graded[2], from + 4 * i, from[4 * i + 3]);
    y = to_luma(toward(a, made[0], strength));
    u = to_chroma(toward(b, made[1], strength));
    v = to_chroma(toward(c, made[2], strength));
}

// A sample whose distance from `zero` (black, or no colour) takes a gain.
HD int16_t dimmed(int16_t value, float gain, float zero) {
    return static_cast<int16_t>(nearest(zero + (value - zero) * gain));
}

// How much of a sample on row q is not the border's, and with it how much is the border's at p.
HD float inside_rows(float q, float inner, float down) {
    const float aq = q < 0.0f ? -q : q;
    return clamp01(0.5f + (inner - aq) * down);
}
HD float border_share(float p, float rest, float inner, float across) {
    const float ap = p < 0.0f ? -p : p;
    return 1.0f - rest * clamp01(0.5f + (inner - ap) * across);
}

// The number of the grain, of `count` over the picture, that place `p` (-1 to 1) lies in.
HD uint32_t grain_number(float p, float count) {
    return static_cast<uint32_t>(nearest((p + 1.0f) * 0.5f * count - 0.5f));
}

// Luma of a worn film; scratches are three numbers each: centre and half width along p, strength.
HD int16_t worn_luma(int16_t luma, float p, uint32_t row, uint32_t seed, float grain,
                     float columns, float flicker, const float *scratches, int32_t count) {
    float value = luma - kLumaZero;
    const uint32_t column = grain_number(p, columns);
    value = value * flicker + triangular_noise(hash3(column, row, seed)) * grain;
    for (int32_t i = 0; i < count; ++i) {
        const float *scratch = scratches + 3 * i;
        const float away = p - scratch[0];
        const float near = 1.0f - (away < 0.0f ? -away : away) / scratch[1];
        if (near > 0.0f) value = value + near * scratch[2];
    }
    return to_luma(value + kLumaZero);
}

// Coverage of a rounded rectangle at (p, q), which run from -1 to 1 over it: `across` and `down`
// are its half sizes in samples along p and q, `corner` the share of them that is rounded (1 is an
// ellipse), `soft_p` and `soft_q` the widths of its edges in samples.
HD float outline_coverage(float p, float q, float across, float down, float corner, float soft_p,
                          float soft_q) {
    const float ap = p < 0.0f ? -p : p;
    const float aq = q < 0.0f ? -q : q;
    const float straight = 1.0f - corner;
    float inside;
    if (corner > 0.0f && ap > straight && aq > straight) {
        const float ep = (ap - straight) / corner;
        const float eq = (aq - straight) / corner;
        const float radius = square_root(ep * ep + eq * eq);
        // Distance to the ellipse: its implicit function over the length of the gradient.
        const float gp = ep / (corner * across);
        const float gq = eq / (corner * down);
        const float gradient = square_root(gp * gp + gq * gq);
        inside = gradient > 0.0f ? (1.0f - radius) * radius / gradient : across;
        return clamp01(0.5f + 2.0f * inside / (soft_p + soft_q));
    }
    const float edge_p = clamp01(0.5f + (1.0f - ap) * across / soft_p);
    const float edge_q = clamp01(0.5f + (1.0f - aq) * down / soft_q);
    return edge_p * edge_q;
}

// A rounded rectangle on samples; p = p_x * x + p_y * y + p_0 at sample (x, y), likewise q.
struct Outline {
    float p_x, p_y, p_0;
    float q_x, q_y, q_0;
    float across, down, corner, soft_p, soft_q;

    HD float at(float x, float y) const {
        return outline_coverage(p_x * x + p_y * y + p_0, q_x * x + q_y * y + q_0, across, down,
                                corner, soft_p, soft_q);
    }
};

// An outline is convex: a run of samples that is covered at both ends is taken as covered.
constexpr int32_t kOutlineRun = 32;
HD bool covers_run(const Outline &outline, int32_t start, int32_t end, float y) {
    return outline.at(static_cast<float>(start), y) >= 1.0f &&
           outline.at(static_cast<float>(end - 1), y) >= 1.0f;
}
HD int16_t outlined(const Outline &outline, int16_t covered, int32_t x, float y) {
    return static_cast<int16_t>(
        nearest(static_cast<float>(covered) * outline.at(static_cast<float>(x), y)));
}

}  // namespace edl2ffmpeg
