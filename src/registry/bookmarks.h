// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace lw::registry {

/// A place of the web UI under a name: its filters, range and sort as the URL has them.
struct SavedView {
  std::string name;
  std::string owner;   ///< the token's name; empty: everybody's
  std::string target;  ///< path and query, like "/?view=tests&state=Fail"
  std::string author;  ///< the name of the token that wrote it last
  Timestamp updated{};
  bool operator==(const SavedView&) const = default;
};

/// A place of the web UI under a short id, for those who share it.
struct ShortLink {
  std::string id;
  std::string target;
  std::string author;
  Timestamp created{};
  bool operator==(const ShortLink&) const = default;
};

/// What people keep of the web UI's places. In the registry's file, by a connection of its own:
/// Registry::open makes the tables and comes first. One thread at a time; calls block on the disk
/// for milliseconds, and when a write returns it is on the disk.
class Bookmarks {
 public:
  static Result<Bookmarks> open(const std::string& path);
  Bookmarks(Bookmarks&&) noexcept;
  Bookmarks& operator=(Bookmarks&&) noexcept;
  ~Bookmarks();

  /// Everybody's and those of `owner`, by name.
  Result<std::vector<SavedView>> views(const std::string& owner);
  /// New, or in place of the one of its owner and name. Conflict if that makes more than `most` of
  /// its owner.
  Result<void> put_view(const SavedView& view, std::int64_t most);
  /// NotFound if there is none.
  Result<void> remove_view(const std::string& owner, const std::string& name);

  /// The link to `target`: the one that is there, or a new one by `author`. Keeps the newest
  /// `most`.
  Result<ShortLink> link_to(const std::string& target, const std::string& author, Timestamp now,
                            std::int64_t most);
  Result<std::optional<ShortLink>> link(const std::string& id);

 private:
  struct Impl;
  explicit Bookmarks(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace lw::registry
