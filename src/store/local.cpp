// SPDX-License-Identifier: Apache-2.0
#include "store/local.h"

#include "base/files.h"
#include "base/random.h"
#include "base/text.h"

namespace lw::store {

namespace {
constexpr std::size_t kPasswordBytes = 24;
}

std::string sibling_store(const std::string& executable) {
  const auto slash = executable.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : executable.substr(0, slash);
  return folder + "/linewatch-store";
}

std::string make_password() { return hex_of(random_bytes(kPasswordBytes)); }

std::string port_file_of(const LocalStore& store) { return store.data + "/url"; }

std::vector<std::string> arguments_of(const LocalStore& store) {
  std::vector<std::string> arguments = {store.executable,   "--data",     store.data,
                                        "--listen",         store.listen, "--port-file",
                                        port_file_of(store)};
  if (!store.library.empty()) {
    arguments.emplace_back("--library");
    arguments.push_back(store.library);
  }
  return arguments;
}

std::vector<std::pair<std::string, std::string>> environment_of(const LocalStore& store) {
  std::vector<std::pair<std::string, std::string>> environment = {
      {"LINEWATCH_STORE_PASSWORD", store.password}};
  if (!store.reader_password.empty()) {
    environment.emplace_back("LINEWATCH_STORE_READER_PASSWORD", store.reader_password);
  }
  return environment;
}

std::optional<ClientConfig> client_of(const LocalStore& store) {
  const std::string path = port_file_of(store);
  if (!file_exists(path)) return std::nullopt;
  const auto url = read_file(path);
  if (!url || trim(*url).empty()) return std::nullopt;
  ClientConfig config;
  config.url = std::string(trim(*url));
  config.password = store.password;
  return config;
}

}  // namespace lw::store
