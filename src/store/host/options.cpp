// SPDX-License-Identifier: Apache-2.0
#include "store/host/options.h"

#include <algorithm>

#include "base/number.h"

namespace lw::store::host {

namespace {

Result<std::uint64_t> read_number(const std::string& name, const std::string& text,
                                  std::uint64_t most) {
  const auto number = parse_number<std::uint64_t>(text);
  if (!number || *number > most) {
    return fail(ErrorCode::InvalidInput,
                name + " `" + text + "` is no number up to " + std::to_string(most));
  }
  return *number;
}

Result<void> read_listen(const std::string& text, Options& options) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) {
    return fail(ErrorCode::InvalidInput,
                "--listen `" + text + "` is not ADDRESS:PORT, such as 127.0.0.1:0");
  }
  options.address = text.substr(0, colon);
  if (options.address.front() == '[' && options.address.back() == ']') {
    options.address = options.address.substr(1, options.address.size() - 2);
  }
  options.port =
      static_cast<std::uint16_t>(TRY(read_number("--listen port", text.substr(colon + 1), 65535)));
  return {};
}

Result<void> read_option(const std::string& name, const std::string& value, Options& options) {
  if (name == "--listen") return read_listen(value, options);
  if (name == "--memory-max-mb") {
    options.memory_max_mb = TRY(read_number(name, value, 1U << 24));
    return {};
  }
  std::string* const text = name == "--data"        ? &options.data
                            : name == "--port-file" ? &options.port_file
                            : name == "--user"      ? &options.user
                            : name == "--database"  ? &options.database
                            : name == "--library"   ? &options.library
                                                    : nullptr;
  if (text == nullptr) {
    return fail(ErrorCode::InvalidInput, "unknown option " + name + "; see --help");
  }
  *text = value;
  return {};
}

}  // namespace

Result<Options> read_options(const std::vector<std::string>& arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string name = arguments[i];
    if (name == "--help" || name == "-h") {
      options.help = true;
      return options;
    }
    const auto equals = name.find('=');
    if (equals == std::string::npos && i + 1 >= arguments.size()) {
      return fail(ErrorCode::InvalidInput, name + " needs a value; see --help");
    }
    const std::string value =
        equals == std::string::npos ? arguments[++i] : name.substr(equals + 1);
    name.resize(std::min(equals, name.size()));
    TRY(read_option(name, value, options));
  }
  if (options.data.empty()) {
    return fail(ErrorCode::InvalidInput, "--data DIR is missing; see --help");
  }
  return options;
}

std::string usage() {
  return "linewatch-store: the embedded ClickHouse engine behind ClickHouse's HTTP interface\n\n"
         "  linewatch-store --data DIR [options]\n\n"
         "  --data DIR             where data, configuration and engine.log are kept\n"
         "  --listen ADDRESS:PORT  default 127.0.0.1:0; port 0: the system picks one\n"
         "  --port-file FILE       gets http://ADDRESS:PORT once the store is ready\n"
         "  --user NAME            default linewatch\n"
         "  --database NAME        default linewatch\n"
         "  --library FILE         libchdb.so; default LINEWATCH_CHDB, else beside the program\n"
         "  --memory-max-mb N      resident memory at which it stops to be restarted; default "
         "2048\n\n"
         "LINEWATCH_STORE_PASSWORD is the user's password and must be set.\n"
         "LINEWATCH_STORE_READER_PASSWORD, if set, lets the user `reader` in, who may only read.\n";
}

}  // namespace lw::store::host
