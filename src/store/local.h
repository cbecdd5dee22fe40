// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "store/client.h"

/// How to run linewatch-store as a child of this process. Starting it is the supervisor's work.
namespace lw::store {

struct LocalStore {
  std::string executable;  ///< path of linewatch-store
  std::string data;        ///< its folder; the port file is written here too
  std::string listen = "127.0.0.1:0";
  std::string library;          ///< libchdb.so; empty: it looks for it itself
  std::string password;         ///< see make_password
  std::string reader_password;  ///< of the read-only user `reader`; empty: none
};

/// linewatch-store in the folder of `executable` (this program's path).
std::string sibling_store(const std::string& executable);
/// Secrets for one life of the store; they need not be kept.
std::string make_password();

std::vector<std::string> arguments_of(const LocalStore& store);
/// To be added to the child's environment, so that no secret stands on its command line.
std::vector<std::pair<std::string, std::string>> environment_of(const LocalStore& store);

std::string port_file_of(const LocalStore& store);
/// Where the started store answers; nothing until it is ready. It removes an old file on start, but
/// remove it before starting too, so as not to read the last life's.
std::optional<ClientConfig> client_of(const LocalStore& store);

}  // namespace lw::store
