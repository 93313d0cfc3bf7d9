// What a kernel gets: one plain value for each, of numbers, planes and tables in device memory.
//
// The host fills them in and passes them by value; both compilers lay them out the same.  A kernel
// runs once for each column and row of its grid; those that may be cut into bands of rows begin at
// row `start`.
#pragma once

#include "../effects.h"
#include "../plane.h"

namespace edl2ffmpeg {

struct FillJob {
    Plane target;
    int32_t value;
    int32_t start;
};

// Rows of `target.width` code values, without padding.
struct WriteJob {
    const uint16_t *samples;
    Plane target;
};

struct AffineJob {
    Plane source;
    Plane target;
    int64_t scale;
    int64_t offset;
    int32_t shift;
    int32_t minimum;
    int32_t maximum;
    int32_t start;
};

// Samples that follow each other in both planes, kRunBytes of them in each thread; 32 bits do.
constexpr int32_t kRunBytes = 16;

struct AffineRunsJob {
    Plane source;
    Plane target;
    int32_t scale;
    int32_t offset;
    int32_t shift;
    int32_t minimum;
    int32_t maximum;
    int32_t start;
};

// What makes a working sample of the layer one to be blended: its row of the matrix, then the mix.
struct BlendNumbers {
    int32_t weight;
    int32_t matrix_offset;
    int32_t scale;
    int32_t offset;
};

// A layer of even coverage, sample by sample; samples take the numbers in turn.
struct BlendRunsJob {
    Plane source;
    Plane target;
    BlendNumbers numbers[2];
    int32_t source_depth;
    int32_t depth;
    int32_t coverage;
    int32_t start;
};

// The same where a blend is between codes: (source * above + target * below + half) >> down.
struct MixRunsJob {
    Plane source;
    Plane target;
    uint32_t above;
    uint32_t below;
    int32_t down;
    int32_t start;
};

struct LookUpJob {
    Plane source;
    Plane target;
    const uint16_t *table;
    int32_t last;
    int32_t start;
};

struct CrossJob {
    Plane outgoing;
    Plane incoming;
    Plane target;
    int32_t weight;
    int32_t start;
};

struct PremultiplyJob {
    Plane colour;
    Plane alpha;
    int32_t start;
};

struct RotateJob {
    Plane source;
    Plane target;
    int32_t quarter_turns;
};

struct PatternJob {
    Plane target;
    const uint16_t *phase_x;
    const uint16_t *phase_y;
    const uint16_t *phase_sum;
    const uint16_t *palette;
    int32_t step_x;
    int32_t step_y;
    int32_t mask;
    int32_t start;
};

struct OutlineJob {
    Outline outline;
    Plane target;
    int32_t start;
};

struct CropJob {
    Plane alpha;
    const float *across;
    const float *down;
};

// Rows of `target.width` moments.
struct ReachJob {
    const float *moments;
    Plane target;
    float reached;
    float soft;
    int32_t inverts;
    int32_t start;
};

struct WeighJob {
    Plane shares;
    Plane outside;
    Plane inside;
    int32_t spacing_x;
    int32_t spacing_y;
};

// -- the fused pass of a layer ------------------------------------------------

struct AxisJob {
    const int32_t *positions;
    const int16_t *taps;
    int32_t tap_count;
    int32_t identity;
};

struct ChannelJob {
    Plane source;
    int32_t depth;
    AxisJob across;
    AxisJob down;
};

constexpr int32_t kMostChannels = 4;
constexpr int32_t kMostInputs = 3;
constexpr int32_t kMostOutputs = 4;

struct MatrixJob {
    int32_t weights[kMostInputs];
    int32_t offset;
};

struct OutputJob {
    Plane target;
    MatrixJob matrix;
    const int16_t *table;
    int32_t depth;
    int32_t scale;
    int32_t opaque_offset;
    int32_t blend_offset;
    int32_t component;
};

// Planes with address 0, and null tables, are not there.
struct CoverageJob {
    const int16_t *across;
    const int16_t *down;
    const Outline *outlines;
    int32_t outline_count;
    int32_t exists;
    int32_t from_channel;
    int32_t scale;
    int32_t offset;
    int32_t most;
    Plane mask;
    Plane store;
};

// One effect; which numbers and tables it has is told where they are used.
struct StepJob {
    enum Kind : int32_t { kTable, kMatrix, kChroma, kCube, kLines, kVignette, kBorder, kFilm };

    int32_t kind;
    int32_t count;
    uint32_t seed;
    PictureGrid grid;
    float numbers[25];
    const void *tables[3];
};

// Steps beyond those that fit into a job are read from a table.
constexpr int32_t kOwnSteps = 8;

struct DrawJob {
    ChannelJob channels[kMostChannels];
    OutputJob outputs[kMostOutputs];
    CoverageJob coverage;
    MatrixJob components[3];
    StepJob own_steps[kOwnSteps];
    const StepJob *steps;
    int32_t step_count;
    int32_t channel_count;
    int32_t output_count;
    int32_t has_program;
    int32_t wanted;  // bit i: component i of the program is computed
    int32_t unpremultiplies;
    int32_t width;
    int32_t start;
};

// -- transitions and highlights -----------------------------------------------

struct MixSide {
    Plane planes[kMostOutputs];
    Plane coverage;
    int32_t count;
    int32_t left;
    int32_t top;
};

struct MixJob {
    MixSide outgoing;
    MixSide incoming;
    Plane weights;
    Plane targets[kMostOutputs];
    int32_t target_count;
    int32_t weight;
    int32_t depth;
    int32_t start;
};

// -- filters ------------------------------------------------------------------

struct WarpAxis {
    int64_t origin;
    int64_t column;
    int64_t row;
};

struct WarpJob {
    Plane source;
    Plane target;
    WarpAxis across;
    WarpAxis down;
    int32_t start;
};

// Samples between the passes of a blur: rows of `stride` in memory.
struct BlurRows {
    int16_t *data;
    int64_t stride;
    int32_t width;
    int32_t height;
};

struct BlurLoadJob {
    Plane source;
    BlurRows target;
};

// One direction of a blur.  Output i begins with the sample at positions[i], or at
// i * spacing + first; each has taps of its own where `taps_apart` is not 0.
struct BlurPassJob {
    BlurRows source;
    BlurRows target;
    const int32_t *positions;
    const int16_t *taps;
    int32_t spacing;
    int32_t first;
    int32_t tap_count;
    int32_t taps_apart;
    int32_t shift;
    int32_t goes_down;
    Plane codes;  // where the last pass writes instead
};

// Block i of a direction is [edges[i], edges[i + 1]).
struct MosaicJob {
    Plane source;
    Plane target;
    const int32_t *column_edges;
    const int32_t *row_edges;
    const int32_t *columns;
    const int32_t *rows;
    uint32_t *sums;   // of the columns of each row of blocks
    uint16_t *means;  // of each block
    int32_t blocks_across;
};

struct UnsharpJob {
    Plane original;
    Plane blurred;
    Plane target;
    int32_t whole;
    int32_t fraction;
    int32_t low;
    int32_t high;
    int32_t start;
};

}  // namespace edl2ffmpeg
