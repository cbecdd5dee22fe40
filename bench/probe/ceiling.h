// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <string>

/// What the ceilings share: `--name value` options, clocks and CPU time. Benches only.
namespace ceiling {

using Words = std::map<std::string, std::string, std::less<>>;

inline Words read_words(int argc, char** argv) {
  Words words;
  for (int i = 1; i + 1 < argc; i += 2) words.emplace(argv[i] + 2, argv[i + 1]);
  return words;
}

inline std::string word(const Words& words, const char* name, const char* otherwise) {
  const auto found = words.find(name);
  return found == words.end() ? otherwise : found->second;
}

inline unsigned long number(const Words& words, const char* name, unsigned long otherwise) {
  const auto found = words.find(name);
  return found == words.end() ? otherwise : std::strtoul(found->second.c_str(), nullptr, 10);
}

inline double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// User + system seconds of this process.
inline double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

}  // namespace ceiling
