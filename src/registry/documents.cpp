// SPDX-License-Identifier: Apache-2.0
#include "registry/documents.h"

#include "registry/guarded.h"

namespace lw::registry {
namespace {

constexpr int kPatienceMs = 5'000;

void bind_all(SQLite::Statement& statement, std::string_view kind, const std::string& name,
              const Value& document) {
  statement.bind(1, std::string(kind));
  statement.bind(2, name);
  statement.bind(3, to_json(document));
}

}  // namespace

struct Documents::Impl {
  SQLite::Database database;

  explicit Impl(const std::string& path) : database(path, SQLite::OPEN_READWRITE, kPatienceMs) {
    database.exec("PRAGMA synchronous = FULL");
  }
};

Documents::Documents(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Documents::Documents(Documents&&) noexcept = default;
Documents& Documents::operator=(Documents&&) noexcept = default;
Documents::~Documents() = default;

Result<Documents> Documents::open(const std::string& path) {
  return guarded("open " + path,
                 [&]() -> Result<Documents> { return Documents(std::make_unique<Impl>(path)); });
}

Result<Documents::Named> Documents::all(std::string_view kind) {
  return guarded("read documents", [&]() -> Result<Named> {
    SQLite::Statement query(impl_->database,
                            "SELECT name, document FROM documents WHERE kind = ? ORDER BY name");
    query.bind(1, std::string(kind));
    Named documents;
    while (query.executeStep()) {
      documents.emplace_back(query.getColumn(0).getString(),
                             TRY(parse_json(query.getColumn(1).getString())));
    }
    return documents;
  });
}

Result<void> Documents::put(std::string_view kind, const std::string& name, const Value& document) {
  return guarded("write document", [&]() -> Result<void> {
    SQLite::Statement insert(
        impl_->database,
        "INSERT OR REPLACE INTO documents (kind, name, document) VALUES (?, ?, ?)");
    bind_all(insert, kind, name, document);
    insert.exec();
    return {};
  });
}

Result<void> Documents::add_missing(std::string_view kind, const Named& documents) {
  return guarded("write documents", [&]() -> Result<void> {
    SQLite::Transaction transaction(impl_->database);
    SQLite::Statement insert(
        impl_->database, "INSERT OR IGNORE INTO documents (kind, name, document) VALUES (?, ?, ?)");
    for (const auto& [name, document] : documents) {
      bind_all(insert, kind, name, document);
      insert.exec();
      insert.reset();
    }
    transaction.commit();
    return {};
  });
}

Result<void> Documents::remove(std::string_view kind, const std::string& name) {
  return guarded("remove document", [&]() -> Result<void> {
    SQLite::Statement remove(impl_->database, "DELETE FROM documents WHERE kind = ? AND name = ?");
    remove.bind(1, std::string(kind));
    remove.bind(2, name);
    if (remove.exec() > 0) return {};
    return fail(ErrorCode::NotFound, fmt::format("there is no `{}`", name));
  });
}

}  // namespace lw::registry
