// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/resource.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/files.h"
#include "base/ip_address.h"

/// What the programs of the trace bench have in common.
namespace lw::bench {

/// The n-th address after another of its family.
inline IpAddress nth_after(IpAddress address, std::uint32_t number) {
  std::uint64_t carry = number;
  for (std::size_t byte = address.size(); byte-- > 0;) {
    carry += address.bytes.at(byte);
    address.bytes.at(byte) = static_cast<std::uint8_t>(carry & 0xffU);
    carry >>= 8U;
  }
  return address;
}

/// User and system, of all threads so far.
inline double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// What is resident now. getrusage() knows the peak only.
inline long resident_kb() {
  const auto text = read_file("/proc/self/status").value_or("");
  const std::size_t at = text.find("VmRSS:");
  return at == std::string::npos ? 0 : std::strtol(text.c_str() + at + 6, nullptr, 10);
}

}  // namespace lw::bench
