// SPDX-License-Identifier: Apache-2.0
#include "server/logs/kept.h"

#include <cerrno>
#include <cstdio>

#include "base/document.h"
#include "base/files.h"

namespace lw::server::logs {
namespace {

Result<void> take_over(const std::string& file, const std::string& member, std::string_view kind,
                       registry::Documents& documents) {
  if (!file_exists(file)) return {};
  const Value document = TRY(parse_json(TRY(read_file(file))));
  const Value* const list = document.find(member);
  if (list == nullptr || !list->is_array()) {
    return fail(ErrorCode::InvalidInput,
                file + " is no list of " + member + "; restore or remove it");
  }
  registry::Documents::Named named;
  for (const Value& item : list->as_array()) named.emplace_back(item.text("name"), item);
  TRY(documents.add_missing(kind, named));
  if (std::rename(file.c_str(), (file + ".taken").c_str()) != 0) {
    return fail_errno("rename " + file, errno);
  }
  return {};
}

}  // namespace

Result<void> take_over_files(const std::string& folder, registry::Documents& documents) {
  TRY(take_over(folder + "/queries.json", "queries", kQueryKind, documents));
  return take_over(folder + "/workspaces.json", "workspaces", kWorkspaceKind, documents);
}

}  // namespace lw::server::logs
