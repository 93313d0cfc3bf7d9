#include "draw.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <stdexcept>
#include <utility>

#include "../effects.h"
#include "../resample.h"
#include "rows.h"

namespace edl2ffmpeg {
namespace {

// Rows start at multiples of a cache line, so that vector loads do not straddle two.
constexpr int kRowAlignment = 32;

int padded(int width) { return (width + kRowAlignment - 1) / kRowAlignment * kRowAlignment; }

template <class Sample>
rows::Samples<Sample> samples_of(const Plane &plane, int y) {
    return {reinterpret_cast<Sample *>(plane.address + static_cast<int64_t>(y) * plane.pitch),
            plane.step, plane.shift};
}

// Delivers one channel's rows on the output's grid, in order; filtered rows wait in a ring for as
// long as the column filter needs them.
class ChannelReader {
   public:
    static size_t samples_needed(const Channel &channel) {
        const size_t out = padded(static_cast<int>(channel.across->positions.size()));
        return padded(channel.source.width) + out * (channel.down->tap_count + 1);
    }

    ChannelReader(const Channel &channel, int16_t *memory)
        : channel_(channel),
          width_(static_cast<int>(channel.across->positions.size())),
          stride_(padded(width_)),
          unpacked_(memory),
          result_(unpacked_ + padded(channel.source.width)),
          ring_(result_ + stride_),
          taps_(channel.down->tap_count),
          column_(taps_) {}

    const int16_t *row(int y) {
        const int first = channel_.down->positions[y];
        next_ = std::max(next_, first);
        for (; next_ < first + taps_; ++next_) read(next_, slot(next_));
        const int16_t *weights = channel_.down->taps.data() + static_cast<int64_t>(y) * taps_;
        for (int k = 0; k < taps_; ++k) {
            // A lone tap (a co-sited row) needs no sum.
            if (weights[k] == kWeightOne) return slot(first + k);
            column_[k] = slot(first + k);
        }
        rows::filter_down_row(column_.data(), weights, taps_, result_, width_);
        return result_;
    }

   private:
    int16_t *slot(int y) const { return ring_ + static_cast<int64_t>(y % taps_) * stride_; }

    void read(int y, int16_t *out) {
        if (channel_.source.sample_bytes == 1)
            read_bytes(samples_of<const uint8_t>(channel_.source, y), out);
        else
            read_words(samples_of<const uint16_t>(channel_.source, y), out);
    }

    void read_bytes(rows::Samples<const uint8_t> in, int16_t *out) {
        if (in.step == 1 && in.shift == 0) {
            across(in.data, out);
        } else {
            rows::unpack_row(in, unpacked_, channel_.source.width, false);
            across(unpacked_, out);
        }
    }

    void read_words(rows::Samples<const uint16_t> in, int16_t *out) {
        const bool flip = channel_.depth > kWorkingDepth;
        if (in.step == 1 && in.shift == 0 && !flip) {
            across(reinterpret_cast<const int16_t *>(in.data), out);
        } else {
            rows::unpack_row(in, unpacked_, channel_.source.width, flip);
            across(unpacked_, out);
        }
    }

    template <class In>
    void across(const In *in, int16_t *out) {
        const Axis &axis = *channel_.across;
        if (axis.identity) {
            rows::to_working_row(in + axis.positions[0], out, width_, channel_.depth);
            return;
        }
        const int depth = channel_.depth;
        rows::filter_across_row(in, out, width_,
                                {axis.positions.data(), axis.taps.data(), axis.tap_count,
                                 across_bias(depth), across_shift(depth)});
    }

    const Channel &channel_;
    int width_;
    int stride_;
    int16_t *unpacked_;
    int16_t *result_;
    int16_t *ring_;
    int taps_;
    std::vector<const int16_t *> column_;
    int next_ = 0;
};

// Matrix row; returns where the result is, which is an input where there is nothing to do.
const int16_t *matrix_row(const std::vector<int> &row_weights, int offset,
                          const std::vector<const int16_t *> &inputs, int16_t *combined,
                          int width) {
    const int16_t *terms[3];
    int weights[3];
    int count = 0;
    for (size_t i = 0; i < row_weights.size(); ++i) {
        if (row_weights[i] == 0) continue;
        terms[count] = inputs[i];
        weights[count++] = row_weights[i];
    }
    if (count == 1 && weights[0] == kWeightOne && offset == kWeightRound) return terms[0];
    rows::combine_row(terms, weights, count, offset, combined, width);
    return combined;
}

// Matrix row and table of one output component; returns where the finished row is.
const int16_t *finish_row(const Output &output, const std::vector<const int16_t *> &inputs,
                          int16_t *combined, int width) {
    const int16_t *row = matrix_row(output.weights, output.offset, inputs, combined, width);
    if (output.table) {
        rows::look_up_working_row(row, output.table->values.data(), combined, width);
        row = combined;
    }
    return row;
}

// Runs the steps of a program on rows of its own, of the components that are asked for.
class ProgramRunner {
   public:
    static size_t samples_needed(const Program *program, int width) {
        return program ? 3 * static_cast<size_t>(padded(width)) : 0;
    }

    ProgramRunner(const Program &program, const std::vector<Output> &outputs, int16_t *memory,
                  int width)
        : program_(program), width_(width) {
        bool all = false;
        for (const auto &step : program.steps) all = all || step->needs_all();
        for (int i = 0; i < 3; ++i) {
            bool wanted = all;
            for (const Output &output : outputs) wanted = wanted || output.component == i;
            rows_[i] = wanted ? memory + static_cast<size_t>(i) * padded(width) : nullptr;
        }
    }

    void run(const std::vector<const int16_t *> &inputs, const int16_t *alpha, int y) {
        for (int i = 0; i < 3; ++i) {
            if (!rows_[i]) continue;
            const MatrixRow &matrix = program_.components[i];
            const int16_t *made = matrix_row(matrix.weights, matrix.offset, inputs, rows_[i], width_);
            // The steps write in place, and filtered rows are still needed by the next ones.
            if (made != rows_[i]) std::copy_n(made, width_, rows_[i]);
            if (program_.unpremultiplies) rows::unpremultiply_row(rows_[i], alpha, width_);
        }
        for (const auto &step : program_.steps) step->run(rows_, width_, y);
    }

    const int16_t *row(int component) const { return rows_[component]; }

   private:
    const Program &program_;
    int width_;
    int16_t *rows_[3];
};

void multiply_outline(const Outline &outline, int16_t *covered, int width, int y) {
    const float row = static_cast<float>(y);
    for (int start = 0; start < width; start += kOutlineRun) {
        const int end = std::min(start + kOutlineRun, width);
        if (covers_run(outline, start, end, row)) continue;
        for (int x = start; x < end; ++x) covered[x] = outlined(outline, covered[x], x, row);
    }
}

// Makes the coverage of one row; false where nothing of it is covered.
bool cover_row(const Coverage &coverage, const int16_t *alpha, int16_t *covered, int width, int y) {
    if (!coverage.down.empty() && coverage.down[y] == 0) {
        std::fill_n(covered, width, int16_t{0});
        return false;
    }
    if (coverage.from_channel)
        rows::coverage_row(alpha, coverage.scale, coverage.offset, coverage.most, covered, width);
    else
        std::fill_n(covered, width, static_cast<int16_t>(coverage.most));
    if (!coverage.down.empty())
        rows::multiply_row(covered, coverage.across.data(), coverage.down[y], width);
    for (const Outline &outline : coverage.outlines) multiply_outline(outline, covered, width, y);
    if (coverage.mask) {
        const auto mask = samples_of<const uint16_t>(*coverage.mask, y);
        rows::multiply_row(covered, reinterpret_cast<const int16_t *>(mask.data), kWeightOne,
                           width);
    }
    return true;
}

template <class Sample>
void store_row(const Output &output, const int16_t *row, const int16_t *coverage, int y) {
    const auto out = samples_of<Sample>(output.target, y);
    const int width = output.target.width;
    if (coverage) {
        rows::blend_row(row, coverage, out, width, output.scale, output.blend_offset,
                        output.depth);
    } else {
        rows::quantise_row(row, out, width, output.scale, output.opaque_offset,
                           kWeightBits + kWorkingDepth - output.depth, (1 << output.depth) - 1);
    }
}

// Rows of one side of a transition, moved; what is outside of the picture is not covered.
class MixRow {
   public:
    MixRow(const MixSource &source, int width)
        : source_(source), width_(width), samples_(source.planes.size()), coverage_(width) {
        for (auto &row : samples_) row.resize(width);
    }

    void read(int y) {
        std::fill(coverage_.begin(), coverage_.end(), int16_t{0});
        if (source_.planes.empty()) return;
        const int row = y - source_.top;
        const Plane &first = source_.planes[0];
        const int start = std::max(0, source_.left);
        const int end = std::min(width_, source_.left + first.width);
        if (row < 0 || row >= first.height || start >= end) return;
        for (size_t i = 0; i < samples_.size(); ++i)
            copy(source_.planes[i], row, start, end, samples_[i].data());
        if (source_.coverage)
            copy(*source_.coverage, row, start, end, coverage_.data());
        else
            std::fill(coverage_.begin() + start, coverage_.begin() + end, int16_t{kWeightOne});
    }

    const int16_t *samples(size_t plane) const {
        return samples_.empty() ? coverage_.data() : samples_[plane].data();
    }
    const int16_t *coverage() const { return coverage_.data(); }

   private:
    void copy(const Plane &plane, int row, int start, int end, int16_t *out) const {
        const auto *in =
            reinterpret_cast<const int16_t *>(samples_of<const uint16_t>(plane, row).data);
        std::copy(in + start - source_.left, in + end - source_.left, out + start);
    }

    const MixSource &source_;
    int width_;
    std::vector<std::vector<int16_t>> samples_;
    std::vector<int16_t> coverage_;
};

double cubic(double distance) {
    const double x = std::abs(distance);
    if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
    if (x < 2) return ((-0.5 * x + 2.5) * x - 4) * x + 2;
    return 0;
}

// Weights with 14 fractional bits that sum to exactly one; the largest takes what rounding leaves.
void quantise_taps(const double *weights, int count, int16_t *taps) {
    double total = 0;
    for (int k = 0; k < count; ++k) total += weights[k];
    int sum = 0, largest = 0;
    for (int k = 0; k < count; ++k) {
        const int tap = static_cast<int>(std::nearbyint(weights[k] / total * kWeightOne));
        taps[k] = static_cast<int16_t>(tap);
        sum += tap;
        if (weights[k] > weights[largest]) largest = k;
    }
    taps[largest] = static_cast<int16_t>(taps[largest] + kWeightOne - sum);
}

Axis bicubic_axis(int count, int source_count, double first, double step, int multiple) {
    const double stretch = std::max(1.0, step);
    // A filter wider than the picture reads all of it with about equal weights.
    const int reach =
        static_cast<int>(std::min(std::ceil(2 * stretch), static_cast<double>(source_count) + 1));
    int taps = reach == 2 ? 4 : (2 * reach + multiple - 1) / multiple * multiple;
    taps = std::min(taps, source_count);
    std::vector<int32_t> positions(count);
    std::vector<int16_t> weights(static_cast<size_t>(count) * taps);
    std::vector<double> folded(taps);
    for (int i = 0; i < count; ++i) {
        const double limit = static_cast<double>(source_count) + reach;
        const double position = std::min(std::max(first + i * step, -limit), limit);
        const int whole = static_cast<int>(std::floor(position));
        const double part = position - whole;
        positions[i] = std::min(std::max(whole + 1 - reach, 0), source_count - taps);
        std::fill(folded.begin(), folded.end(), 0.0);
        for (int k = 1 - reach; k <= reach; ++k) {
            const int sample = std::min(std::max(whole + k, 0), source_count - 1);
            const int slot = std::min(std::max(sample - positions[i], 0), taps - 1);
            folded[slot] += cubic((k - part) / stretch);
        }
        quantise_taps(folded.data(), taps, weights.data() + static_cast<size_t>(i) * taps);
    }
    return Axis(std::move(positions), std::move(weights), taps);
}

template <class In, class Out, class Row>
void each_row(const Plane &source, const Plane &target, int row_start, int row_end, Row row) {
    for (int y = row_start; y < row_end; ++y)
        row(samples_of<const In>(source, y), samples_of<Out>(target, y));
}

template <class Row>
void each_typed_row(const Plane &source, const Plane &target, int row_start, int row_end,
                    Row row) {
    if (source.sample_bytes == 1 && target.sample_bytes == 1)
        each_row<uint8_t, uint8_t>(source, target, row_start, row_end, row);
    else if (source.sample_bytes == 1)
        each_row<uint8_t, uint16_t>(source, target, row_start, row_end, row);
    else if (target.sample_bytes == 1)
        each_row<uint16_t, uint8_t>(source, target, row_start, row_end, row);
    else
        each_row<uint16_t, uint16_t>(source, target, row_start, row_end, row);
}

void copy_rows(const Plane &source, const Plane &target, int row_start, int row_end) {
    const size_t bytes = static_cast<size_t>(target.width) * target.sample_bytes;
    for (int y = row_start; y < row_end; ++y) {
        const auto *from = reinterpret_cast<const uint8_t *>(source.address) + y * source.pitch;
        std::copy_n(from, bytes, reinterpret_cast<uint8_t *>(target.address) + y * target.pitch);
    }
}

// Tiles keep both the rows read and the rows written in the cache.
constexpr int kTile = 32;

template <class Sample, class Place>
void rotate_tiles(const Plane &source, const Plane &target, Place place) {
    for (int top = 0; top < target.height; top += kTile) {
        const int bottom = std::min(top + kTile, target.height);
        for (int left = 0; left < target.width; left += kTile) {
            const int right = std::min(left + kTile, target.width);
            for (int y = top; y < bottom; ++y) {
                auto *out = samples_of<Sample>(target, y).data;
                for (int x = left; x < right; ++x) {
                    const auto [from_x, from_y] = place(x, y);
                    const auto in = samples_of<const Sample>(source, from_y);
                    out[x] = static_cast<Sample>(in.data[from_x * in.step] >> in.shift);
                }
            }
        }
    }
}

template <class Sample>
void rotate_samples(const Plane &source, const Plane &target, int quarter_turns) {
    const int last_x = source.width - 1;
    const int last_y = source.height - 1;
    if (quarter_turns == 1)
        rotate_tiles<Sample>(source, target,
                             [=](int x, int y) { return std::pair(y, last_y - x); });
    else if (quarter_turns == 2)
        rotate_tiles<Sample>(source, target,
                             [=](int x, int y) { return std::pair(last_x - x, last_y - y); });
    else
        rotate_tiles<Sample>(source, target,
                             [=](int x, int y) { return std::pair(last_x - y, x); });
}

}  // namespace

Axis::Axis(std::vector<int32_t> first_samples, std::vector<int16_t> weights, int taps_each)
    : positions(std::move(first_samples)), taps(std::move(weights)), tap_count(taps_each) {
    if (positions.empty() || tap_count < 1 || taps.size() != positions.size() * tap_count)
        throw std::invalid_argument("an axis needs tap_count taps for each of its positions");
    identity = tap_count == 1;
    for (size_t i = 0; i < positions.size(); ++i) {
        if (positions[i] < (i ? positions[i - 1] : 0))
            throw std::invalid_argument("positions of an axis start at 0 or above and ascend");
        identity = identity && positions[i] == positions[0] + static_cast<int>(i) &&
                   taps[i] == kWeightOne;
    }
    last = positions.back() + tap_count - 1;
}

Table::Table(std::vector<int16_t> entries) : values(std::move(entries)) {
    if (values.size() != 2 * kWorkingHalf)
        throw std::invalid_argument("a table of working samples has 32768 entries");
}

int16_t *Scratch::reserve(size_t samples) {
    constexpr size_t slack = kRowAlignment;
    if (memory_.size() < samples + slack) memory_.resize(samples + slack);
    const auto address = reinterpret_cast<uintptr_t>(memory_.data());
    const size_t alignment = kRowAlignment * sizeof(int16_t);
    return reinterpret_cast<int16_t *>((address + alignment - 1) / alignment * alignment);
}

std::shared_ptr<Axis> Axis::resampling(int count, int source_count, double first, double step,
                                       int multiple) {
    if (count < 1 || source_count < 1 || !(step > 0) || !std::isfinite(step) ||
        !std::isfinite(first))
        throw std::invalid_argument("an axis needs samples and a positive, finite step");
    const double whole = std::nearbyint(first);
    if (std::abs(step - 1) * count < 1e-6 && std::abs(first - whole) < 1e-6 && whole >= 0 &&
        whole + count <= source_count) {
        std::vector<int32_t> positions(count);
        for (int i = 0; i < count; ++i) positions[i] = static_cast<int32_t>(whole) + i;
        return std::make_shared<Axis>(std::move(positions),
                                      std::vector<int16_t>(count, kWeightOne), 1);
    }
    return std::make_shared<Axis>(bicubic_axis(count, source_count, first, step, multiple));
}

void draw(const std::vector<Channel> &channels, const std::vector<Output> &outputs,
          const Coverage *coverage, const Program *program, Scratch &scratch, int row_start,
          int row_end) {
    const int width = outputs.at(0).target.width;
    size_t needed = 2 * static_cast<size_t>(padded(width));
    needed += ProgramRunner::samples_needed(program, width);
    for (const Channel &channel : channels) needed += ChannelReader::samples_needed(channel);
    int16_t *combined = scratch.reserve(needed);
    int16_t *covered = combined + padded(width);
    int16_t *memory = covered + padded(width);
    std::optional<ProgramRunner> runner;
    if (program) runner.emplace(*program, outputs, memory, width);
    memory += ProgramRunner::samples_needed(program, width);
    std::vector<ChannelReader> readers;
    readers.reserve(channels.size());
    for (const Channel &channel : channels) {
        readers.emplace_back(channel, memory);
        memory += ChannelReader::samples_needed(channel);
    }
    const bool is_varied = coverage && (coverage->from_channel || !coverage->down.empty() ||
                                        !coverage->outlines.empty() || coverage->mask);
    if (coverage) std::fill_n(covered, width, static_cast<int16_t>(coverage->most));
    const bool is_stored = coverage && coverage->store;
    std::vector<const int16_t *> inputs(channels.size());
    for (int y = row_start; y < row_end; ++y) {
        const bool from_channel = coverage && coverage->from_channel;
        if (from_channel) inputs.back() = readers.back().row(y);
        if (is_varied) {
            const bool any =
                cover_row(*coverage, from_channel ? inputs.back() : nullptr, covered, width, y);
            if (!any && !is_stored) continue;
        }
        if (is_stored)
            std::copy_n(covered, width, reinterpret_cast<int16_t *>(
                                            samples_of<uint16_t>(*coverage->store, y).data));
        for (size_t i = 0; i + from_channel < channels.size(); ++i) inputs[i] = readers[i].row(y);
        if (runner) runner->run(inputs, from_channel ? inputs.back() : nullptr, y);
        const int16_t *blended = coverage && !is_stored ? covered : nullptr;
        for (const Output &output : outputs) {
            const int16_t *row = runner ? runner->row(output.component)
                                        : finish_row(output, inputs, combined, width);
            if (output.target.sample_bytes == 1)
                store_row<uint8_t>(output, row, blended, y);
            else
                store_row<uint16_t>(output, row, blended, y);
        }
    }
}

void mix_planes(const MixSource &outgoing, const MixSource &incoming, const Plane *weights,
                int weight, const std::vector<Plane> &targets, int depth, int row_start,
                int row_end) {
    const int width = targets.at(0).width;
    std::vector<int16_t> constant(width, static_cast<int16_t>(weight));
    MixRow from(outgoing, width), to(incoming, width);
    for (int y = row_start; y < row_end; ++y) {
        const int16_t *share = constant.data();
        if (weights)
            share = reinterpret_cast<const int16_t *>(samples_of<const uint16_t>(*weights, y).data);
        from.read(y);
        to.read(y);
        for (size_t i = 0; i < targets.size(); ++i) {
            if (targets[i].sample_bytes == 1)
                rows::mix_row(from.samples(i), from.coverage(), to.samples(i), to.coverage(), share,
                              samples_of<uint8_t>(targets[i], y), width, depth);
            else
                rows::mix_row(from.samples(i), from.coverage(), to.samples(i), to.coverage(), share,
                              samples_of<uint16_t>(targets[i], y), width, depth);
        }
    }
}

template <class Sample>
void cross_rows(const Plane &outgoing, const Plane &incoming, const Plane &target, int weight,
                int row_start, int row_end) {
    for (int y = row_start; y < row_end; ++y)
        rows::cross_row(samples_of<const Sample>(outgoing, y), samples_of<const Sample>(incoming, y),
                        samples_of<Sample>(target, y), target.width, weight);
}

void cross_planes(const Plane &outgoing, const Plane &incoming, const Plane &target, int weight,
                  int row_start, int row_end) {
    if (target.sample_bytes == 1)
        cross_rows<uint8_t>(outgoing, incoming, target, weight, row_start, row_end);
    else
        cross_rows<uint16_t>(outgoing, incoming, target, weight, row_start, row_end);
}

void premultiply_plane(const Plane &colour, const Plane &alpha, int row_start, int row_end) {
    for (int y = row_start; y < row_end; ++y)
        rows::premultiply_row(samples_of<uint16_t>(colour, y).data,
                              samples_of<const uint16_t>(alpha, y).data, colour.width);
}

void outline_plane(const Outline &outline, const Plane &target, int row_start, int row_end) {
    for (int y = row_start; y < row_end; ++y) {
        auto *row = reinterpret_cast<int16_t *>(samples_of<uint16_t>(target, y).data);
        std::fill_n(row, target.width, static_cast<int16_t>(kWeightOne));
        multiply_outline(outline, row, target.width, y);
    }
}

void affine_plane(const Plane &source, const Plane &target, int64_t scale, int64_t offset,
                  int shift, int minimum, int maximum, bool wide, int row_start, int row_end) {
    const bool unchanged = minimum == 0 && scale == int64_t{1} << shift && offset == scale / 2 &&
                           source.sample_bytes == target.sample_bytes && source.step == 1 &&
                           target.step == 1 && source.shift == target.shift;
    if (unchanged) {
        copy_rows(source, target, row_start, row_end);
        return;
    }
    const rows::Affine how{scale, offset, shift, minimum, maximum, wide};
    each_typed_row(source, target, row_start, row_end, [&](auto in, auto out) {
        rows::affine_row(in, out, target.width, how);
    });
}

void look_up_plane(const Plane &source, const Plane &target, const uint16_t *table, int last,
                   int row_start, int row_end) {
    each_typed_row(source, target, row_start, row_end, [&](auto in, auto out) {
        rows::look_up_row(in, out, target.width, table, last);
    });
}

void fill_plane(const Plane &target, int value, int row_start, int row_end) {
    for (int y = row_start; y < row_end; ++y) {
        if (target.sample_bytes == 1) {
            const auto out = samples_of<uint8_t>(target, y);
            for (int x = 0; x < target.width; ++x) out.data[x * out.step] = value;
        } else {
            const auto out = samples_of<uint16_t>(target, y);
            const auto stored = static_cast<uint16_t>(value << out.shift);
            for (int x = 0; x < target.width; ++x) out.data[x * out.step] = stored;
        }
    }
}

void write_plane(const Plane &target, const uint16_t *samples) {
    const int width = target.width;
    for (int y = 0; y < target.height; ++y) {
        const uint16_t *in = samples + static_cast<int64_t>(y) * width;
        if (target.sample_bytes == 1) {
            const auto out = samples_of<uint8_t>(target, y);
            for (int x = 0; x < width; ++x) out.data[x * out.step] = static_cast<uint8_t>(in[x]);
        } else {
            const auto out = samples_of<uint16_t>(target, y);
            if (out.step == 1 && out.shift == 0)
                std::copy_n(in, width, out.data);
            else
                for (int x = 0; x < width; ++x)
                    out.data[x * out.step] = static_cast<uint16_t>(in[x] << out.shift);
        }
    }
}

void rotate_plane(const Plane &source, const Plane &target, int quarter_turns) {
    if (source.sample_bytes == 1)
        rotate_samples<uint8_t>(source, target, quarter_turns);
    else
        rotate_samples<uint16_t>(source, target, quarter_turns);
}

void pattern_plane(const Plane &target, const uint16_t *phase_x, const uint16_t *phase_y,
                   const uint16_t *phase_sum, int sum_step_x, int sum_step_y,
                   const uint16_t *palette, int mask, int row_start, int row_end) {
    for (int y = row_start; y < row_end; ++y) {
        const uint16_t *sum = phase_sum + static_cast<int64_t>(y) * sum_step_y;
        if (target.sample_bytes == 1)
            rows::pattern_row(phase_x, phase_y[y], sum, sum_step_x, palette, mask,
                              samples_of<uint8_t>(target, y).data, target.width);
        else
            rows::pattern_row(phase_x, phase_y[y], sum, sum_step_x, palette, mask,
                              samples_of<uint16_t>(target, y).data, target.width);
    }
}

}  // namespace edl2ffmpeg
