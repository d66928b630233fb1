/* sanitizer.h: whether this is a build for AddressSanitizer, of GCC or clang. */
#ifndef WEIR_BASE_SANITIZER_H
#define WEIR_BASE_SANITIZER_H

#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif
#endif
