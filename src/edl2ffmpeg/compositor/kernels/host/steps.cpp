#include "steps.h"

#include <algorithm>
#include <iterator>
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
    void describe(StepJob &job, const TableSink &sink) const override {
        job.kind = StepJob::kTable;
        for (int i = 0; i < 3; ++i) job.tables[i] = sink(tables[i], id(), i);
    }
};

EDL_CLONES void mix_rows(Row y, Row u, Row v, int width, const float *m, const float *offsets) {
    for (int x = 0; x < width; ++x) mix_components(m, offsets, y[x], u[x], v[x]);
}

struct MatrixStep final : Step {
    Values weights, offsets;

    bool needs_all() const override { return true; }
    void run(const ComponentRows &rows, int width, int) const override {
        mix_rows(rows[0], rows[1], rows[2], width, weights.data(), offsets.data());
    }
    void describe(StepJob &job, const TableSink &) const override {
        job.kind = StepJob::kMatrix;
        std::copy(weights.begin(), weights.end(), job.numbers);
        std::copy(offsets.begin(), offsets.end(), job.numbers + 9);
    }
};

struct ChromaStep final : Step {
    Values gains;

    bool needs_all() const override { return true; }
    void run(const ComponentRows &rows, int width, int) const override {
        for (int x = 0; x < width; ++x) scale_chroma(gains.data(), rows[1][x], rows[2][x]);
    }
    void describe(StepJob &job, const TableSink &sink) const override {
        job.kind = StepJob::kChroma;
        job.tables[0] = sink(gains, id(), 0);
    }
};

struct CubeStep final : Step {
    Values cube, to_rgb, from_rgb;
    int size;
    bool is_3d;
    float strength;

    bool needs_all() const override { return true; }
    void run(const ComponentRows &rows, int width, int) const override {
        for (int x = 0; x < width; ++x)
            grade(cube.data(), size, is_3d, strength, to_rgb.data(), from_rgb.data(), rows[0][x],
                  rows[1][x], rows[2][x]);
    }
    void describe(StepJob &job, const TableSink &sink) const override {
        job.kind = is_3d ? StepJob::kCube : StepJob::kLines;
        job.count = size;
        std::copy(to_rgb.begin(), to_rgb.end(), job.numbers);
        std::copy(from_rgb.begin(), from_rgb.end(), job.numbers + 12);
        job.numbers[24] = strength;
        job.tables[0] = sink(cube, id(), 0);
    }
};

EDL_CLONES void darken_row(Row row, int width, PictureGrid grid, float q, float strength,
                           float radius, float softness, float zero) {
    for (int x = 0; x < width; ++x)
        row[x] = dimmed(row[x], vignette_gain(grid.p(x), q, strength, radius, softness), zero);
}

struct VignetteStep final : Step {
    PictureGrid grid;
    float strength, radius, softness;

    void run(const ComponentRows &rows, int width, int y) const override {
        for (int i = 0; i < 3; ++i)
            if (rows[i])
                darken_row(rows[i], width, grid, grid.q(y), strength, radius, softness,
                           i == 0 ? kLumaZero : 0.0f);
    }
    void describe(StepJob &job, const TableSink &) const override {
        job.kind = StepJob::kVignette;
        job.grid = grid;
        job.numbers[0] = strength;
        job.numbers[1] = radius;
        job.numbers[2] = softness;
    }
};

struct BorderStep final : Step {
    PictureGrid grid;
    float inner_p, inner_q, across, down;
    Values colour;

    void run(const ComponentRows &rows, int width, int y) const override {
        const float rest = inside_rows(grid.q(y), inner_q, down);
        for (int x = 0; x < width; ++x) {
            const float share = border_share(grid.p(x), rest, inner_p, across);
            if (share <= 0.0f) continue;
            for (int i = 0; i < 3; ++i)
                if (rows[i])
                    rows[i][x] = to_component(toward(rows[i][x], colour[i], share), i);
        }
    }
    void describe(StepJob &job, const TableSink &) const override {
        job.kind = StepJob::kBorder;
        job.grid = grid;
        const float numbers[] = {inner_p, inner_q, across, down};
        std::copy(std::begin(numbers), std::end(numbers), job.numbers);
        std::copy(colour.begin(), colour.end(), job.numbers + 4);
    }
};

struct FilmStep final : Step {
    PictureGrid grid;
    uint32_t seed;
    float grain, grain_columns, grain_rows, flicker;
    Values scratches;

    void run(const ComponentRows &rows, int width, int y) const override {
        if (!rows[0]) return;
        const uint32_t row = grain_number(grid.q(y), grain_rows);
        const auto count = static_cast<int>(scratches.size() / 3);
        for (int x = 0; x < width; ++x)
            rows[0][x] = worn_luma(rows[0][x], grid.p(x), row, seed, grain, grain_columns, flicker,
                                   scratches.data(), count);
    }
    void describe(StepJob &job, const TableSink &sink) const override {
        job.kind = StepJob::kFilm;
        job.grid = grid;
        job.seed = seed;
        job.count = static_cast<int>(scratches.size() / 3);
        const float numbers[] = {grain, grain_columns, grain_rows, flicker};
        std::copy(std::begin(numbers), std::end(numbers), job.numbers);
        job.tables[0] = sink(scratches, id(), 0);
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
