// SPDX-License-Identifier: Apache-2.0
#include "store/host/chdb_api.h"

#include <dlfcn.h>

#include "base/files.h"

namespace lw::store::host {

namespace {

constexpr const char* kPackagePath = "/node_modules/@chdb/lib-linux-x64-gnu/libchdb.so";
// Where `npm ci` puts it in a source tree, of which build/release is a part.
constexpr const char* kSourceTreePath = "/packaging/npm";
constexpr int kFoldersAboveMax = 4;

template <class Function>
void look_up(void* library, const char* name, Function*& function, std::string& missing) {
  void* const symbol = ::dlsym(library, name);
  if (symbol == nullptr) missing += std::string(" ") + name;
  function = reinterpret_cast<Function*>(symbol);
}

}  // namespace

Result<ChdbApi> load_chdb(const std::string& path) {
  void* const library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return fail(ErrorCode::Unavailable, std::string("load the store engine: ") + ::dlerror());
  }
  ChdbApi api{};
  std::string missing;
  look_up(library, "chdb_version", api.version, missing);
  look_up(library, "chdb_set_signal_handlers_enabled", api.set_signal_handlers_enabled, missing);
  look_up(library, "chdb_connect", api.connect, missing);
  look_up(library, "chdb_close_conn", api.close, missing);
  look_up(library, "chdb_query_with_params_n", api.query, missing);
  look_up(library, "chdb_stream_query_with_params_n", api.stream, missing);
  look_up(library, "chdb_stream_fetch_result", api.fetch, missing);
  look_up(library, "chdb_stream_cancel_query", api.cancel, missing);
  look_up(library, "chdb_stream_insert_with_params_n", api.insert, missing);
  look_up(library, "chdb_stream_append", api.append, missing);
  look_up(library, "chdb_stream_done", api.done, missing);
  look_up(library, "chdb_stream_cancel_insert", api.cancel_insert, missing);
  look_up(library, "chdb_stream_insert_error", api.insert_error, missing);
  look_up(library, "chdb_destroy_insert_stream", api.destroy_insert, missing);
  look_up(library, "chdb_classify_query_n", api.classify, missing);
  look_up(library, "chdb_result_buffer", api.buffer, missing);
  look_up(library, "chdb_result_length", api.length, missing);
  look_up(library, "chdb_result_elapsed", api.elapsed, missing);
  look_up(library, "chdb_result_rows_read", api.rows, missing);
  look_up(library, "chdb_result_bytes_read", api.bytes, missing);
  look_up(library, "chdb_result_storage_rows_read", api.storage_rows, missing);
  look_up(library, "chdb_result_storage_bytes_read", api.storage_bytes, missing);
  look_up(library, "chdb_result_rows_written", api.rows_written, missing);
  look_up(library, "chdb_result_bytes_written", api.bytes_written, missing);
  look_up(library, "chdb_result_error", api.error, missing);
  look_up(library, "chdb_destroy_query_result", api.destroy, missing);
  if (!missing.empty()) {
    return fail(ErrorCode::Unavailable,
                path + " is another version of libchdb; it lacks" + missing);
  }
  return api;
}

Result<std::string> find_chdb(const std::string& named, const std::string& from_environment,
                              const std::string& executable) {
  for (const std::string& given : {named, from_environment}) {
    if (given.empty()) continue;
    if (file_exists(given)) return given;
    return fail(ErrorCode::NotFound, "there is no store engine at " + given);
  }
  std::string folder = executable.substr(0, executable.rfind('/'));
  if (file_exists(folder + "/libchdb.so")) return folder + "/libchdb.so";
  const std::string first = folder;
  for (int above = 0; above <= kFoldersAboveMax; ++above) {
    for (const std::string& root : {folder, folder + kSourceTreePath}) {
      if (file_exists(root + kPackagePath)) return root + kPackagePath;
    }
    if (folder.empty()) break;
    folder.resize(folder.rfind('/'));
  }
  return fail(ErrorCode::NotFound,
              "libchdb.so is neither in " + first +
                  " nor in node_modules there or above; run `npm ci` in packaging/npm or set "
                  "LINEWATCH_CHDB to its path");
}

}  // namespace lw::store::host
