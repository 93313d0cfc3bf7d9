// How a loop is compiled for several instruction sets in one file.
#pragma once

// A clone needs ifunc support of the loader (glibc); elsewhere the plain build is the only one.
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__has_attribute)
#if __has_attribute(target_clones)
#define EDL_CLONES __attribute__((target_clones("avx2", "default")))
#endif
#endif
#ifndef EDL_CLONES
#define EDL_CLONES
#endif

// Hand-written paths exist only where the compiler does not find the instruction itself.
#if defined(__x86_64__) && defined(__GNUC__)
#define EDL_HAVE_AVX2_PATHS 1
#else
#define EDL_HAVE_AVX2_PATHS 0
#endif

#if defined(__GNUC__)
#define EDL_INLINE inline __attribute__((always_inline))
#define EDL_RESTRICT __restrict__
#else
#define EDL_INLINE inline
#define EDL_RESTRICT
#endif
