// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/ip_address.h"
#include "base/result.h"
#include "base/time.h"

namespace lw::io {

/// Which network an address belongs to, by a file in MaxMind's DB format 2.0 that the operator has
/// put there: of autonomous systems (fields `autonomous_system_number` and
/// `autonomous_system_organization`), or one of his own with the strings `name` and `site`. For
/// people to read, never an identity.
///
/// Looks at the file once a minute, when asked for a name, and reads it anew if it is another one;
/// a broken one leaves the old names in force. Works on a copy in memory, so that a file that is
/// overwritten in place can do no harm. Reading blocks on the disk, some 10 ms for 10 MB. On one
/// thread. The clock must outlive it.
class NetworkNames {
 public:
  /// Reads the file at once. If that fails, problem() says so, and a file that comes later is
  /// found.
  NetworkNames(std::string path, const Clock& clock);
  NetworkNames(NetworkNames&&) noexcept;
  NetworkNames& operator=(NetworkNames&&) noexcept;
  ~NetworkNames();

  /// "AS64500 Example Net", "Berlin", "AS64500 Example Net, core, Berlin"; empty if the file has
  /// nothing on the address. One line of UTF-8, 200 bytes at most.
  std::string find(const IpAddress& address);

  /// What is wrong with the file as it is now, and what to do about it; nothing if all is well.
  [[nodiscard]] const std::optional<Error>& problem() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lw::io
