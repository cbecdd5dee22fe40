// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/document.h"
#include "base/result.h"

namespace lw::registry {

/// Documents that are kept under a kind and a name, in the registry's file but over a connection of
/// their own, so that those who write them need not be on the registry's thread. When a call
/// returns, what it wrote is on the disk. One thread at a time; calls block on the disk.
class Documents {
 public:
  using Named = std::vector<std::pair<std::string, Value>>;

  /// Of a registry that Registry::open has brought up to date.
  static Result<Documents> open(const std::string& path);
  Documents(Documents&&) noexcept;
  Documents& operator=(Documents&&) noexcept;
  ~Documents();

  /// By name.
  Result<Named> all(std::string_view kind);
  /// New, or in place of the one of its name.
  Result<void> put(std::string_view kind, const std::string& name, const Value& document);
  /// All of them or none; one whose name is taken stays as it is.
  Result<void> add_missing(std::string_view kind, const Named& documents);
  /// NotFound if there is none of that name.
  Result<void> remove(std::string_view kind, const std::string& name);

 private:
  struct Impl;
  explicit Documents(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace lw::registry
