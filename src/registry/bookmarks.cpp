// SPDX-License-Identifier: Apache-2.0
#include "registry/bookmarks.h"

#include <array>

#include "base/hash.h"
#include "registry/guarded.h"

namespace lw::registry {
namespace {

/// Letters and digits that nobody takes for one another (Crockford's base 32, in small letters).
constexpr std::string_view kDigits = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::size_t kIdDigitsMin = 7;
constexpr std::size_t kIdDigitsMax = 12;

/// All digits of the target's hash. The same place has the same id, so that it is kept once.
std::string digits_of(const std::string& target) {
  std::uint64_t hash = stable_hash({target});
  std::string digits;
  for (std::size_t i = 0; i < kIdDigitsMax; ++i, hash >>= 5U) digits += kDigits[hash & 31U];
  return digits;
}

ShortLink read_link(SQLite::Statement& row) {
  return {.id = row.getColumn(0).getString(),
          .target = row.getColumn(1).getString(),
          .author = row.getColumn(2).getString(),
          .created = from_unix_us(row.getColumn(3).getInt64())};
}

std::optional<ShortLink> find_link(SQLite::Database& database, const std::string& id) {
  SQLite::Statement query(database,
                          "SELECT id, target, author, created_us FROM short_links WHERE id = ?");
  query.bind(1, id);
  if (!query.executeStep()) return std::nullopt;
  return read_link(query);
}

void insert_link(SQLite::Database& database, const ShortLink& link, std::int64_t most) {
  SQLite::Transaction transaction(database);
  SQLite::Statement insert(database,
                           "INSERT INTO short_links (id, target, author, created_us) "
                           "VALUES (?, ?, ?, ?)");
  insert.bind(1, link.id);
  insert.bind(2, link.target);
  insert.bind(3, link.author);
  insert.bind(4, to_unix_us(link.created));
  insert.exec();
  SQLite::Statement prune(database,
                          "DELETE FROM short_links WHERE number <= "
                          "(SELECT max(number) FROM short_links) - ?");
  prune.bind(1, most);
  prune.exec();
  transaction.commit();
}

}  // namespace

struct Bookmarks::Impl {
  SQLite::Database database;
  explicit Impl(const std::string& path) : database(path, SQLite::OPEN_READWRITE, 5000) {
    database.exec("PRAGMA synchronous = FULL");
  }
};

Bookmarks::Bookmarks(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Bookmarks::Bookmarks(Bookmarks&&) noexcept = default;
Bookmarks& Bookmarks::operator=(Bookmarks&&) noexcept = default;
Bookmarks::~Bookmarks() = default;

Result<Bookmarks> Bookmarks::open(const std::string& path) {
  return guarded("open bookmarks",
                 [&]() -> Result<Bookmarks> { return Bookmarks(std::make_unique<Impl>(path)); });
}

Result<std::vector<SavedView>> Bookmarks::views(const std::string& owner) {
  return guarded("read saved views", [&]() -> Result<std::vector<SavedView>> {
    SQLite::Statement query(impl_->database,
                            "SELECT name, owner, target, author, updated_us FROM saved_views "
                            "WHERE owner IN ('', ?) ORDER BY name COLLATE NOCASE, owner");
    query.bind(1, owner);
    std::vector<SavedView> views;
    while (query.executeStep()) {
      views.push_back({.name = query.getColumn(0).getString(),
                       .owner = query.getColumn(1).getString(),
                       .target = query.getColumn(2).getString(),
                       .author = query.getColumn(3).getString(),
                       .updated = from_unix_us(query.getColumn(4).getInt64())});
    }
    return views;
  });
}

Result<void> Bookmarks::put_view(const SavedView& view, std::int64_t most) {
  return guarded("write saved view", [&]() -> Result<void> {
    SQLite::Transaction transaction(impl_->database);
    SQLite::Statement put(impl_->database,
                          "INSERT OR REPLACE INTO saved_views (owner, name, target, author, "
                          "updated_us) VALUES (?, ?, ?, ?, ?)");
    put.bind(1, view.owner);
    put.bind(2, view.name);
    put.bind(3, view.target);
    put.bind(4, view.author);
    put.bind(5, to_unix_us(view.updated));
    put.exec();
    SQLite::Statement count(impl_->database, "SELECT count(*) FROM saved_views WHERE owner = ?");
    count.bind(1, view.owner);
    count.executeStep();
    if (count.getColumn(0).getInt64() > most) {
      return fail(ErrorCode::Conflict,
                  fmt::format("there are {} saved views already; remove some", most));
    }
    transaction.commit();
    return {};
  });
}

Result<void> Bookmarks::remove_view(const std::string& owner, const std::string& name) {
  return guarded("remove saved view", [&]() -> Result<void> {
    SQLite::Statement remove(impl_->database,
                             "DELETE FROM saved_views WHERE owner = ? AND name = ?");
    remove.bind(1, owner);
    remove.bind(2, name);
    if (remove.exec() > 0) return {};
    return fail(ErrorCode::NotFound, fmt::format("there is no saved view `{}`", name));
  });
}

Result<ShortLink> Bookmarks::link_to(const std::string& target, const std::string& author,
                                     Timestamp now, std::int64_t most) {
  return guarded("write short link", [&]() -> Result<ShortLink> {
    const std::string digits = digits_of(target);
    // Another place may have the same first digits; then it takes one more.
    for (std::size_t length = kIdDigitsMin; length <= kIdDigitsMax; ++length) {
      ShortLink link{digits.substr(0, length), target, author, now};
      const auto known = find_link(impl_->database, link.id);
      if (known && known->target == target) return *known;
      if (known) continue;
      insert_link(impl_->database, link, most);
      return link;
    }
    return fail(ErrorCode::Conflict, "no short link is free for this place");
  });
}

Result<std::optional<ShortLink>> Bookmarks::link(const std::string& id) {
  return guarded("read short link", [&]() -> Result<std::optional<ShortLink>> {
    return find_link(impl_->database, id);
  });
}

}  // namespace lw::registry
