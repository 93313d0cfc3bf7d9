// Steps of a layer's effects on rows of working samples; see kernels/effects.h for one sample.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "../device/jobs.h"
#include "tables.h"

namespace edl2ffmpeg {

// Rows of y, u and v at the same places; those that are not drawn are null.
using ComponentRows = int16_t *[3];

// One effect on a row. `needs_all` says that it reads the other components too.
class Step : public Numbered {
   public:
    virtual ~Step() = default;
    virtual bool needs_all() const { return false; }
    virtual void run(const ComponentRows &rows, int width, int y) const = 0;

    // The same for a device, whose tables `sink` makes.
    virtual void describe(StepJob &job, const TableSink &sink) const = 0;
};

using Values = std::vector<float>;

std::shared_ptr<Step> table_step(std::vector<int16_t> y, std::vector<int16_t> u,
                                 std::vector<int16_t> v);
std::shared_ptr<Step> matrix_step(Values weights, Values offsets);
std::shared_ptr<Step> chroma_step(Values gains);
std::shared_ptr<Step> cube_step(Values cube, int size, bool is_3d, float strength, Values to_rgb,
                                Values from_rgb);
std::shared_ptr<Step> vignette_step(PictureGrid grid, float strength, float radius,
                                    float softness);
// `half_width` and `half_height` are the picture's in samples, the inner edges' in -1..1.
std::shared_ptr<Step> border_step(PictureGrid grid, float inner_p, float inner_q, float across,
                                  float down, Values colour);
// `columns` are the scratched ones: centre (p), half width (p) and strength, three numbers each.
std::shared_ptr<Step> film_step(PictureGrid grid, uint32_t seed, float grain, float grain_columns,
                                float grain_rows, float flicker, Values columns);

}  // namespace edl2ffmpeg
