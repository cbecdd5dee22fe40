// SPDX-License-Identifier: Apache-2.0
#include "store/host/engine.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "base/files.h"
#include "base/text.h"
#include "store/host/config_files.h"

namespace lw::store::host {

namespace {

constexpr int kUnknownException = 1002;
constexpr std::size_t kAppendBytes = std::size_t{1} << 20;

/// Named values in the shape of the C interface. Points into the values it was made of.
struct Bound {
  explicit Bound(const NamedValues& values) {
    for (const auto& [name, value] : values) {
      names.push_back(name.data());
      name_sizes.push_back(name.size());
      texts.push_back(value.data());
      text_sizes.push_back(value.size());
    }
  }
  std::vector<const char*> names, texts;
  std::vector<std::size_t> name_sizes, text_sizes;
};

/// What a reader may ask for, within bounds, and has if it does not ask. A result of gigabytes is
/// for those who take it in pieces (http_front.cpp); memory is bounded by itself.
struct Bounded {
  std::string_view name;
  std::int64_t otherwise, most;
};
constexpr std::array kBounded = {
    Bounded{"max_execution_time", 20, 600},
    Bounded{"max_result_bytes", std::int64_t{64} << 20, std::int64_t{8} << 30},
};

bool is_bounded(std::string_view name) {
  return std::ranges::find(kBounded, name, &Bounded::name) != kBounded.end();
}

std::int64_t value_of(const Bounded& bounded, const NamedValues& settings) {
  for (const auto& [name, text] : settings) {
    if (name != bounded.name) continue;
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value < 1 || value > bounded.most ? bounded.most : value;
  }
  return bounded.otherwise;
}

Answer failed(std::string text) {
  Answer answer;
  answer.code = error_number(text);
  answer.error = std::move(text);
  return answer;
}

}  // namespace

int error_number(std::string_view text) {
  constexpr std::string_view kStart = "Code: ";
  const auto at = text.find(kStart);
  if (at == std::string_view::npos) return kUnknownException;
  int number = 0;
  const char* const first = text.data() + at + kStart.size();
  const auto [end, problem] = std::from_chars(first, text.data() + text.size(), number);
  return problem == std::errc() && number != 0 ? number : kUnknownException;
}

Answer Connection::finish(ChdbResult* result) {
  if (result == nullptr) return failed("Code: 1002. DB::Exception: the engine gave no result");
  Answer answer;
  if (const char* const error = api_.error(result); error != nullptr) {
    answer = failed(error);
  } else if (const std::size_t size = api_.length(result); size > 0) {
    answer.body.assign(api_.buffer(result), size);
  }
  answer.elapsed_seconds = api_.elapsed(result);
  answer.result_rows = api_.rows(result);
  answer.read_rows = api_.storage_rows(result);
  answer.read_bytes = api_.storage_bytes(result);
  answer.written_rows = api_.rows_written(result);
  answer.written_bytes = api_.bytes_written(result);
  api_.destroy(result);
  return answer;
}

void Connection::flush() {
  constexpr std::string_view kNothing = "SELECT 1";
  constexpr std::string_view kFormat = "Null";
  ChdbResult* const result = api_.query(*handle_, kNothing.data(), kNothing.size(), kFormat.data(),
                                        kFormat.size(), nullptr, nullptr, nullptr, nullptr, 0);
  if (result != nullptr) api_.destroy(result);
}

Answer Connection::query(const Statement& statement) {
  const Bound bound(statement.parameters);
  Answer answer = finish(api_.query(*handle_, statement.sql.data(), statement.sql.size(),
                                    statement.format.data(), statement.format.size(),
                                    bound.names.data(), bound.name_sizes.data(), bound.texts.data(),
                                    bound.text_sizes.data(), bound.names.size()));
  if (answer.code != 0) flush();
  return answer;
}

Answer Connection::stream(const Statement& statement,
                          const std::function<bool(std::string)>& sink) {
  const Bound bound(statement.parameters);
  ChdbResult* const stream =
      api_.stream(*handle_, statement.sql.data(), statement.sql.size(), statement.format.data(),
                  statement.format.size(), bound.names.data(), bound.name_sizes.data(),
                  bound.texts.data(), bound.text_sizes.data(), bound.names.size());
  if (stream == nullptr) return finish(nullptr);
  Answer total;
  if (const char* const error = api_.error(stream); error != nullptr) total = failed(error);
  while (total.code == 0) {
    Answer piece = finish(api_.fetch(*handle_, stream));
    if (piece.code != 0) {
      total.code = piece.code;
      total.error = std::move(piece.error);
      break;
    }
    total.elapsed_seconds += piece.elapsed_seconds;
    total.result_rows += piece.result_rows;
    total.read_rows += piece.read_rows;
    total.read_bytes += piece.read_bytes;
    if (piece.body.empty() && piece.result_rows == 0) break;
    if (!piece.body.empty() && !sink(std::move(piece.body))) {
      api_.cancel(*handle_, stream);
      break;
    }
  }
  api_.destroy(stream);
  if (total.code != 0) flush();
  return total;
}

Answer Connection::insert(const Statement& statement, std::string_view data) {
  const Bound bound(statement.parameters);
  ChdbInsert const insert =
      api_.insert(*handle_, statement.sql.data(), statement.sql.size(), statement.format.data(),
                  statement.format.size(), bound.names.data(), bound.name_sizes.data(),
                  bound.texts.data(), bound.text_sizes.data(), bound.names.size());
  Answer answer;
  bool accepted = api_.insert_error(insert) == nullptr;
  while (accepted && !data.empty()) {
    const std::string_view piece = data.substr(0, kAppendBytes);
    accepted = api_.append(insert, piece.data(), piece.size()) == 0;
    data.remove_prefix(piece.size());
  }
  if (accepted) {
    answer = finish(api_.done(insert));
  } else {
    const char* const error = api_.insert_error(insert);
    answer = failed(error != nullptr ? error : "Code: 1002. DB::Exception: the insert was refused");
    api_.cancel_insert(insert);
  }
  api_.destroy_insert(insert);
  if (answer.code != 0) flush();
  return answer;
}

ChdbAnalysis Connection::classify(std::string_view sql) const {
  ChdbAnalysis analysis;
  if (api_.classify(*handle_, sql.data(), sql.size(), nullptr, 0, &analysis) != 0) return {};
  return analysis;
}

Answer Connection::use(const std::string& database) {
  if (database == database_) return {};
  std::string quoted = "USE `";
  for (const char c : database) {
    if (c == '`' || c == '\\') quoted += '\\';
    quoted += c;
  }
  Answer answer = query({quoted + "`", "Null", {}});
  if (answer.code == 0) database_ = database;
  return answer;
}

/// Null if the engine does not want to; why it only says on stderr.
std::unique_ptr<Connection> Engine::open(Role role, const NamedValues& settings) const {
  std::vector<std::string> arguments = arguments_;
  for (const auto& [name, value] : settings) {
    const bool is_later = role == Role::Reader && is_bounded(name);
    if (!is_later) arguments.push_back("--" + name + "=" + value);
  }
  if (role == Role::Reader) {
    for (const Bounded& bounded : kBounded) {
      arguments.push_back("--" + std::string(bounded.name) + "=" +
                          std::to_string(value_of(bounded, settings)));
    }
    for (const char* const limit : {"--readonly=1", "--max_memory_usage=300000000",
                                    "--max_threads=2", "--result_overflow_mode=throw"}) {
      arguments.emplace_back(limit);
    }
  }
  std::vector<char*> argv;
  argv.reserve(arguments.size());
  for (std::string& argument : arguments) argv.push_back(argument.data());
  ChdbConnection* const handle = api_.connect(static_cast<int>(argv.size()), argv.data());
  return handle == nullptr ? nullptr : std::make_unique<Connection>(api_, handle);
}

Result<std::unique_ptr<Connection>> Engine::connect(Role role, const NamedValues& settings) const {
  std::unique_ptr<Connection> connection = open(role, settings);
  if (!connection && !settings.empty() && open(role, {})) {
    // The engine is fine, so it is the settings, unless it has become fine just now.
    connection = open(role, settings);
    if (!connection) {
      return fail(ErrorCode::InvalidInput,
                  "Code: 36. DB::Exception: A setting has an invalid value. (BAD_ARGUMENTS)");
    }
  }
  if (!connection) {
    return fail(
        ErrorCode::Unavailable,
        "Code: 210. DB::Exception: The engine takes no connections at present. (NETWORK_ERROR)");
  }
  if (!database_.empty()) {
    if (const Answer used = connection->use(database_); used.code != 0) {
      return fail(ErrorCode::Internal, used.error);
    }
  }
  return connection;
}

Result<std::unique_ptr<Engine>> Engine::start(const EngineConfig& config) {
  const ChdbApi api = TRY(load_chdb(config.library));
  const std::string config_file = TRY(write_config_files(config.data, config.database));
  TRY(make_directories(config.data + "/data"));
  // Handlers of ours and the default ones stay as they are; a crash must look like one outside.
  api.set_signal_handlers_enabled(0);
  std::vector<std::string> arguments = {
      "linewatch-store", "--path=" + config.data + "/data", "--config-file=" + config_file,
      "--logger.log=" + config.data + "/engine.log", "--log-level=error",
      // The engine's own limit of memory is less than what it would want free for a second thread.
      "--max_threads_min_free_memory_per_thread=0"};
  std::unique_ptr<Engine> engine(new Engine(api, std::move(arguments), ""));
  engine->control_ = TRY(engine->connect(Role::Writer, {}));
  const std::string create =
      "CREATE DATABASE IF NOT EXISTS `" + config.database + "` ENGINE = Atomic";
  if (const Answer created = engine->control_->query({create, "Null", {}}); created.code != 0) {
    return fail(ErrorCode::Internal, created.error);
  }
  engine->database_ = config.database;
  return engine;
}

}  // namespace lw::store::host
