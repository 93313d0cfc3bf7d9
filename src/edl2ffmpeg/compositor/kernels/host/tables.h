// Tables that a device keeps: each has a number of its own, and arrays are handed to a sink.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

namespace edl2ffmpeg {

// What has a number that nothing else in this process has had.
class Numbered {
   public:
    uint64_t id() const { return id_; }

   private:
    static uint64_t next() {
        static std::atomic<uint64_t> last{0};
        return ++last;
    }
    uint64_t id_ = next();
};

// Copies an array to the device and says where it is.  Array `part` of the owner with number `id`
// never changes; number 0 stands for arrays that are used once.
class TableSink {
   public:
    using Copy = std::function<uint64_t(uint64_t id, int part, const void *data, size_t bytes)>;

    explicit TableSink(Copy copy) : copy_(std::move(copy)) {}

    template <class Entry>
    const Entry *operator()(const std::vector<Entry> &entries, uint64_t id = 0,
                            int part = 0) const {
        if (entries.empty()) return nullptr;
        return reinterpret_cast<const Entry *>(
            copy_(id, part, entries.data(), entries.size() * sizeof(Entry)));
    }

   private:
    Copy copy_;
};

}  // namespace edl2ffmpeg
