#include "steps.h"

#include <stdexcept>
#include <utility>

#include "../effects.h"
#include "dispatch.h"

namespace edl2ffmpeg {
namespace {

using Row = int16_t *EDL_RESTRICT;

void look_up(int16_t *row, int width, const int16_t *table) {
    for (int x = 0; x < width; ++x) row[x] = look_up_working(row[x], table);
}

struct TableStep final : Step {
    std::vector<int16_t> tables[3];

    void run(const ComponentRows &rows, int width, int) const override {
        for (int i = 0; i < 3; ++i)
            if (rows[i] && !tables[i].empty()) look_up(rows[i], width, tables[i].data());
    }
};

EDL_CLONES void mix_rows(Row y, Row u, Row v, int width, const float *m, const float *offsets) {
    for (int x = 0; x < width; ++x) {
        const float a = y[x], b = u[x], c = v[x];
        y[x] = to_luma(mix3(a, b, c, m, offsets[0]));
        u[x] = to_chroma(mix3(a, b, c, m + 3, offsets[1]));
        v[x] = to_chroma(mix3(a, b, c, m + 6, offsets[2]));
    }
}

struct MatrixStep final : Step {
    Values weights, offsets;

    bool needs_all() const override { return true; }
    void run(const ComponentRows &rows, int width, int) const override {
        mix_rows(rows[0], rows[1], rows[2], width, weights.data(), offsets.data());
    }
};

struct ChromaStep final : Step {
    Values gains;

    bool needs_all() const override { return true; }
    void run(const ComponentRows &rows, int width, int) const override {
        for (int x = 0; x < width; ++x) {
            const float u = rows[1][x], v = rows[2][x];
            const float gain = chroma_gain(u, v, gains.data());
            rows[1][x] = to_chroma(u * gain);
            rows[2][x] = to_chroma(v * gain);
        }
    }
};

struct CubeStep final : Step {
    Values cube, to_rgb, from_rgb;
    int size;
    bool is_3d;
    float strength;

    bool needs_all() const override { return true; }
    void run(const ComponentRows &rows, int width, int) const override {
        const float *to = to_rgb.data(), *from = from_rgb.data();
        for (int x = 0; x < width; ++x) {
            const float y = rows[0][x], u = rows[1][x], v = rows[2][x];
            float rgb[3], graded[3];
            for (int i = 0; i < 3; ++i) rgb[i] = mix3(y, u, v, to + 4 * i, to[4 * i + 3]);
            if (is_3d)
                look_up_cube(cube.data(), size, rgb, graded);
            else
                look_up_lines(cube.data(), size, rgb, graded);
            for (int i = 0; i < 3; ++i) {
                const float value =
                    mix3(graded[0], graded[1], graded[2], from + 4 * i, from[4 * i + 3]);
                rows[i][x] = to_component(toward(rows[i][x], value, strength), i);
            }
        }
    }
};

EDL_CLONES void darken_row(Row row, int width, float scale, float offset, float q, float strength,
                           float radius, float softness, float zero) {
    for (int x = 0; x < width; ++x) {
        const float p = scale * static_cast<float>(x) + offset;
        const float gain = vignette_gain(p, q, strength, radius, softness);
        row[x] = static_cast<int16_t>(nearest(zero + (row[x] - zero) * gain));
    }
}

struct VignetteStep final : Step {
    PictureGrid grid;
    float strength, radius, softness;

    void run(const ComponentRows &rows, int width, int y) const override {
        const float q = grid.scale_y * static_cast<float>(y) + grid.offset_y;
        for (int i = 0; i < 3; ++i)
            if (rows[i])
                darken_row(rows[i], width, grid.scale_x, grid.offset_x, q, strength, radius,
                           softness, i == 0 ? kLumaZero : 0.0f);
    }
};

struct BorderStep final : Step {
    PictureGrid grid;
    float inner_p, inner_q, across, down;
    Values colour;

    void run(const ComponentRows &rows, int width, int y) const override {
        const float q = grid.scale_y * static_cast<float>(y) + grid.offset_y;
        const float aq = q < 0.0f ? -q : q;
        const float rest = clamp01(0.5f + (inner_q - aq) * down);
        for (int x = 0; x < width; ++x) {
            const float p = grid.scale_x * static_cast<float>(x) + grid.offset_x;
            const float ap = p < 0.0f ? -p : p;
            const float share = 1.0f - rest * clamp01(0.5f + (inner_p - ap) * across);
            if (share <= 0.0f) continue;
            for (int i = 0; i < 3; ++i)
                if (rows[i])
                    rows[i][x] = to_component(toward(rows[i][x], colour[i], share), i);
        }
    }
};

struct FilmStep final : Step {
    PictureGrid grid;
    uint32_t seed;
    float grain, grain_columns, grain_rows, flicker;
    Values scratches;

    void run(const ComponentRows &rows, int width, int y) const override {
        if (!rows[0]) return;
        const float q = grid.scale_y * static_cast<float>(y) + grid.offset_y;
        const auto row = static_cast<uint32_t>(nearest((q + 1.0f) * 0.5f * grain_rows - 0.5f));
        for (int x = 0; x < width; ++x) {
            const float p = grid.scale_x * static_cast<float>(x) + grid.offset_x;
            const auto column =
                static_cast<uint32_t>(nearest((p + 1.0f) * 0.5f * grain_columns - 0.5f));
            float value = rows[0][x] - kLumaZero;
            value = value * flicker + triangular_noise(hash3(column, row, seed)) * grain;
            for (size_t i = 0; i + 2 < scratches.size(); i += 3) {
                const float away = p - scratches[i];
                const float near = 1.0f - (away < 0.0f ? -away : away) / scratches[i + 1];
                if (near > 0.0f) value = value + near * scratches[i + 2];
            }
            rows[0][x] = to_luma(value + kLumaZero);
        }
    }
};

void require(bool condition, const char *message) {
    if (!condition) throw std::invalid_argument(message);
}

}  // namespace

std::shared_ptr<Step> table_step(std::vector<int16_t> y, std::vector<int16_t> u,
                                 std::vector<int16_t> v) {
    auto step = std::make_shared<TableStep>();
    std::vector<int16_t> *given[3] = {&y, &u, &v};
    for (int i = 0; i < 3; ++i) {
        require(given[i]->empty() || given[i]->size() == 2 * kWorkingHalf,
                "a table of working samples has 32768 entries");
        step->tables[i] = std::move(*given[i]);
    }
    return step;
}

std::shared_ptr<Step> matrix_step(Values weights, Values offsets) {
    require(weights.size() == 9 && offsets.size() == 3, "a matrix has 9 weights and 3 offsets");
    auto step = std::make_shared<MatrixStep>();
    step->weights = std::move(weights);
    step->offsets = std::move(offsets);
    return step;
}

std::shared_ptr<Step> chroma_step(Values gains) {
    require(gains.size() == kMagnitudes, "a table of chroma gains has 20480 entries");
    auto step = std::make_shared<ChromaStep>();
    step->gains = std::move(gains);
    return step;
}

std::shared_ptr<Step> cube_step(Values cube, int size, bool is_3d, float strength, Values to_rgb,
                                Values from_rgb) {
    require(size >= 2 && size <= (is_3d ? 256 : 65536),
            "a cube has 2 to 256 entries a side, a 1-D table 2 to 65536");
    const size_t entries = is_3d ? static_cast<size_t>(size) * size * size : size;
    require(cube.size() == 3 * entries, "a table has three numbers for each of its entries");
    require(to_rgb.size() == 12 && from_rgb.size() == 12, "a conversion has 3 rows of 4 numbers");
    auto step = std::make_shared<CubeStep>();
    step->cube = std::move(cube);
    step->size = size;
    step->is_3d = is_3d;
    step->strength = strength;
    step->to_rgb = std::move(to_rgb);
    step->from_rgb = std::move(from_rgb);
    return step;
}

std::shared_ptr<Step> vignette_step(PictureGrid grid, float strength, float radius,
                                    float softness) {
    auto step = std::make_shared<VignetteStep>();
    step->grid = grid;
    step->strength = strength;
    step->radius = radius;
    step->softness = softness;
    return step;
}

std::shared_ptr<Step> border_step(PictureGrid grid, float inner_p, float inner_q, float across,
                                  float down, Values colour) {
    require(colour.size() == 3, "a colour has three numbers");
    auto step = std::make_shared<BorderStep>();
    step->grid = grid;
    step->inner_p = inner_p;
    step->inner_q = inner_q;
    step->across = across;
    step->down = down;
    step->colour = std::move(colour);
    return step;
}

std::shared_ptr<Step> film_step(PictureGrid grid, uint32_t seed, float grain, float grain_columns,
                                float grain_rows, float flicker, Values columns) {
    require(columns.size() % 3 == 0, "a scratch has three numbers");
    auto step = std::make_shared<FilmStep>();
    step->grid = grid;
    step->seed = seed;
    step->grain = grain;
    step->grain_columns = grain_columns;
    step->grain_rows = grain_rows;
    step->flicker = flicker;
    step->scratches = std::move(columns);
    return step;
}

}  // namespace edl2ffmpeg
