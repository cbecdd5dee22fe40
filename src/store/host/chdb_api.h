// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.h"

/// The functions of libchdb 26.7 that we call. The package ships no header, and the library has 566
/// MB, so nothing links against it: it is opened at run time and each function is looked up by
/// name.
namespace lw::store::host {

/// What a statement gave, owned by the library until destroyed.
struct ChdbResult;
struct ChdbConnectionBody;
using ChdbConnection = ChdbConnectionBody*;
struct ChdbInsertBody;
using ChdbInsert = ChdbInsertBody*;

/// The library's report on a statement. `struct_size` is set by us; the library fills what fits.
struct ChdbAnalysis {
  std::uint32_t struct_size = sizeof(ChdbAnalysis);
  std::uint32_t statement_count = 0;  ///< 0: does not parse
  std::uint32_t flags = 0;
  std::uint32_t query_class = 4;  ///< 0 reads, 1 writes, 2 writes globally, 3 controls, 4 unknown
};

/// Texts travel as pointer and length; names and values of parameters as parallel arrays.
struct ChdbApi {
  const char* (*version)();
  void (*set_signal_handlers_enabled)(int enabled);
  ChdbConnection* (*connect)(int argc, char** argv);  ///< null on failure, reason on stderr
  void (*close)(ChdbConnection* connection);
  ChdbResult* (*query)(ChdbConnection, const char* sql, std::size_t sql_size, const char* format,
                       std::size_t format_size, const char* const* names,
                       const std::size_t* name_sizes, const char* const* values,
                       const std::size_t* value_sizes, std::size_t count);
  ChdbResult* (*stream)(ChdbConnection, const char* sql, std::size_t sql_size, const char* format,
                        std::size_t format_size, const char* const* names,
                        const std::size_t* name_sizes, const char* const* values,
                        const std::size_t* value_sizes, std::size_t count);
  ChdbResult* (*fetch)(ChdbConnection, ChdbResult* stream);  ///< an empty chunk ends the stream
  void (*cancel)(ChdbConnection, ChdbResult* stream);
  ChdbInsert (*insert)(ChdbConnection, const char* sql, std::size_t sql_size, const char* format,
                       std::size_t format_size, const char* const* names,
                       const std::size_t* name_sizes, const char* const* values,
                       const std::size_t* value_sizes, std::size_t count);
  int (*append)(ChdbInsert, const void* data, std::size_t size);
  ChdbResult* (*done)(ChdbInsert);
  void (*cancel_insert)(ChdbInsert);
  const char* (*insert_error)(ChdbInsert);
  void (*destroy_insert)(ChdbInsert);
  int (*classify)(ChdbConnection, const char* sql, std::size_t sql_size, const char* database,
                  std::size_t database_size, ChdbAnalysis*);
  char* (*buffer)(ChdbResult*);
  std::size_t (*length)(ChdbResult*);
  double (*elapsed)(ChdbResult*);
  std::uint64_t (*rows)(ChdbResult*);
  std::uint64_t (*bytes)(ChdbResult*);
  std::uint64_t (*storage_rows)(ChdbResult*);
  std::uint64_t (*storage_bytes)(ChdbResult*);
  std::uint64_t (*rows_written)(ChdbResult*);
  std::uint64_t (*bytes_written)(ChdbResult*);
  const char* (*error)(ChdbResult*);
  void (*destroy)(ChdbResult*);
};

/// Opens the library, for the rest of the process's life.
Result<ChdbApi> load_chdb(const std::string& path);

/// Where the library is: `named` (--library) if not empty, else `from_environment`, else beside the
/// executable, else in node_modules (or packaging/npm/node_modules) of its folder or of up to four
/// folders above it.
Result<std::string> find_chdb(const std::string& named, const std::string& from_environment,
                              const std::string& executable);

}  // namespace lw::store::host
