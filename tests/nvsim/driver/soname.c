/* An empty library: its SONAME is what FFmpeg asks for, its dependency has the symbols. */
typedef int nvsim_is_in_the_other_library;
