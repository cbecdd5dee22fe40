// SPDX-License-Identifier: Apache-2.0
#include "server/sql/service.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "server/sql/vocabulary.h"

namespace lw::server::sql {
namespace {

constexpr int kThreads = 2;
/// For the engine, if the client does not say otherwise, and the most that it may say.
constexpr Seconds kWaitDefault{180};
constexpr Seconds kWaitMax{600};
/// How much longer than the engine's own limit its answer is waited for.
constexpr Seconds kPatience{10};
/// Databases are made by hand, and rarely.
constexpr Seconds kLookAgainAfter{60};
constexpr std::int64_t kBytesMax = std::int64_t{64} << 20;
constexpr std::int64_t kStreamBytesMax = std::int64_t{8} << 30;

std::string content_type_of(std::string_view format) {
  if (format.starts_with("JSON")) {
    return format.ends_with("EachRow") ? "application/x-ndjson; charset=UTF-8"
                                       : "application/json; charset=UTF-8";
  }
  if (format.starts_with("CSV")) return "text/csv; charset=UTF-8";
  if (format.starts_with("TSV") || format.starts_with("Tab")) {
    return "text/tab-separated-values; charset=UTF-8";
  }
  for (const char* const text : {"Values", "Vertical", "Pretty", "Markdown", "XML"}) {
    if (format.starts_with(text)) return "text/plain; charset=UTF-8";
  }
  return "application/octet-stream";
}

io::HttpResponse head_of(const std::string& format, const std::string& query_id) {
  return {.status = 200,
          .headers = {{"Content-Type", content_type_of(format)},
                      {"Cache-Control", "no-store"},
                      {"X-ClickHouse-Server-Display-Name", "linewatch"},
                      {"X-ClickHouse-Query-Id", query_id},
                      {"X-ClickHouse-Format", format},
                      {"X-ClickHouse-Timezone", "UTC"}},
          .body = {}};
}

Refusal stopping() {
  return {.status = 503,
          .number = 210,
          .name = "NETWORK_ERROR",
          .message = "The server is stopping; try again soon"};
}

void set(store::NamedValues& settings, const std::string& name, const std::string& value) {
  std::erase_if(settings, [&](const auto& setting) { return setting.first == name; });
  settings.emplace_back(name, value);
}

}  // namespace

struct Service::Statement {
  std::string sql = {};
  std::string format = {};
  store::NamedValues settings = {};
  bool is_select = true;
};

struct Service::Worker {
  EngineNames engine;
  std::optional<Instant> looked;
  bool is_made = false;  ///< the empty database
};

void refuse(const io::HttpResponder& responder, const Refusal& refusal,
            const std::string& query_id) {
  io::HttpResponse response{
      .status = refusal.status,
      .headers = {{"Content-Type", "text/plain; charset=UTF-8"},
                  {"X-ClickHouse-Server-Display-Name", "linewatch"},
                  {"X-ClickHouse-Exception-Code", std::to_string(refusal.number)}},
      .body = text_of(refusal)};
  if (!query_id.empty()) response.headers.emplace_back("X-ClickHouse-Query-Id", query_id);
  if (refusal.status == 401) {
    response.headers.emplace_back("WWW-Authenticate", "Basic realm=\"linewatch SQL\"");
  }
  if (refusal.status == 429 || refusal.status == 503) {
    response.headers.emplace_back("Retry-After", "5");
  }
  responder.send(std::move(response));
}

Service::Service(store::ClientConfig writer, store::ClientConfig reader,
                 store::NamedValues settings, const logs::Service& logs, const Clock& clock)
    : writer_(std::move(writer)),
      reader_(std::move(reader)),
      settings_(std::move(settings)),
      logs_(logs),
      clock_(clock) {
  for (int i = 0; i < kThreads; ++i) threads_.emplace_back("sql", [this] { run(); });
}

Service::~Service() { stop(); }

void Service::stop() {
  stopping_.raise();
  questions_.close();
  for (Thread& thread : threads_) thread.join();
  threads_.clear();
}

void Service::ask(Question question) {
  // Kept by the caller: a refused job would take it along.
  const io::HttpResponder responder = question.responder;
  const std::string query_id = question.request.query_id;
  if (questions_.push(std::move(question))) return;
  refuse(responder,
         {.status = 429,
          .number = 202,
          .name = "TOO_MANY_SIMULTANEOUS_QUERIES",
          .message = "Too many queries wait already; try again in some seconds"},
         query_id);
}

void Service::run() {
  Worker worker;
  while (const auto question = questions_.pop()) {
    const Outcome<void> answered =
        stopping_.is_raised() ? std::unexpected(stopping()) : answer(worker, *question);
    if (!answered) refuse(question->responder, answered.error(), question->request.query_id);
  }
}

Outcome<void> Service::get_ready(Worker& worker) const {
  const Instant now = clock_.now();
  if (worker.looked && now - *worker.looked < kLookAgainAfter) return {};
  store::ClientConfig config = writer_;
  config.give_up = [this] { return stopping_.is_raised(); };
  store::Client client(std::move(config));
  if (!worker.is_made) {
    const auto made =
        client.query("CREATE DATABASE IF NOT EXISTS " +
                     store::quote_name(sandbox_of(writer_.database)) + " ENGINE = Atomic");
    if (!made) {
      log::warning("sql", "the database for SQL cannot be made: " + made.error().message);
      return std::unexpected(
          Refusal{.status = 503,
                  .number = 210,
                  .name = "NETWORK_ERROR",
                  .message = "The store does not let SQL run now; the server's log says why"});
    }
    worker.is_made = true;
  }
  const auto names_in = [&client](const std::string& table) -> Outcome<std::vector<std::string>> {
    const auto text = client.query("SELECT name FROM system." + table + " FORMAT TabSeparatedRaw");
    if (!text) return std::unexpected(from_store(text.error(), client.last_error_number()));
    auto names = split(*text, '\n');
    std::erase(names, "");
    return names;
  };
  auto databases = names_in("databases");
  if (!databases) return std::unexpected(databases.error());
  const auto functions = names_in("functions");
  if (!functions) return std::unexpected(functions.error());
  worker.engine.databases = std::move(*databases);
  worker.engine.functions.clear();
  for (const std::string& name : *functions) worker.engine.functions.insert(to_lower(name));
  worker.looked = now;
  return {};
}

Outcome<logs::WorkspaceView> Service::workspace_for(const Question& question) const {
  const std::string& name = question.request.database;
  const auto covers = [&](const logs::WorkspaceView& view) {
    return question.caller->covers_workspace(view.name, view.id);
  };
  // Clients say `default` where nobody told them otherwise.
  if (name.empty() || name == "default") {
    for (const logs::WorkspaceView& view : logs_.workspaces().all()) {
      if (covers(view)) return view;
    }
    return std::unexpected(access_denied("This token is good for no workspace"));
  }
  const auto view = logs_.workspaces().find(name);
  // One that the caller may not see is as good as none.
  if (!view || !covers(*view)) return std::unexpected(unknown_database(name));
  return *view;
}

store::Client Service::client_for(const Question& question) const {
  store::ClientConfig config = reader_;
  config.database = sandbox_of(writer_.database);
  config.timeout = kWaitMax + kPatience;
  config.give_up = [this, &question] {
    return stopping_.is_raised() || question.responder.is_gone();
  };
  return store::Client(std::move(config));
}

Outcome<void> Service::answer(Worker& worker, const Question& question) const {
  auto workspace = workspace_for(question);
  if (!workspace) return std::unexpected(workspace.error());
  if (auto ready = get_ready(worker); !ready) return ready;
  if (workspace->keep_days > 0) {
    const std::int64_t now =
        kql::kTicksUnixEpoch + to_unix_us(clock_.wall_now()) * kql::kTicksPerMicrosecond;
    workspace->oldest = now - workspace->keep_days * kql::kTicksPerDay;
  }
  const logs::Scope scope{
      .workspaces = {*workspace}, .subscription = logs_.subscription(), .span = {}, .monitor = {}};
  const kql::Catalog catalog = logs::make_catalog(scope);
  auto prepared =
      prepare(question.request.text, make_surface(scope, catalog, writer_.database, worker.engine));
  if (!prepared) return std::unexpected(prepared.error());
  Statement statement{.format =
                          prepared->format.empty() ? question.request.format : prepared->format};
  statement.sql = prepared->sql + " FORMAT " + statement.format;
  statement.is_select = prepared->is_select;
  const bool in_pieces = prepared->is_select && is_streamed_format(statement.format);
  statement.settings = settings_for(question.request, *workspace, in_pieces);
  store::Client client = client_for(question);
  if (in_pieces) return run_in_pieces(client, question, statement);
  auto bytes = run_whole(client, statement);
  if (!bytes) return std::unexpected(bytes.error());
  io::HttpResponse response = head_of(statement.format, question.request.query_id);
  response.body = std::move(*bytes);
  question.responder.send(std::move(response));
  return {};
}

/// The engine counts the bytes of columns, of which a constant one has few however long its text
/// is.
Outcome<std::string> Service::run_whole(store::Client& client, const Statement& statement) {
  if (!statement.is_select) {
    auto bytes = client.query(statement.sql, {}, statement.settings);
    if (bytes) return std::move(*bytes);
    return std::unexpected(from_store(bytes.error(), client.last_error_number()));
  }
  std::string bytes;
  bool is_too_large = false;
  const auto done = client.stream(statement.sql, statement.settings, [&](std::string_view piece) {
    is_too_large = bytes.size() + piece.size() > std::size_t{kBytesMax};
    if (!is_too_large) bytes += piece;
    return !is_too_large;
  });
  if (is_too_large) return std::unexpected(result_too_large());
  if (!done) return std::unexpected(from_store(done.error(), client.last_error_number()));
  return bytes;
}

/// The head leaves with the first piece, so that what fails before is still told by status and
/// body; what fails later can only cut the connection.
Outcome<void> Service::run_in_pieces(store::Client& client, const Question& question,
                                     const Statement& statement) const {
  const io::HttpResponder& responder = question.responder;
  bool has_head = false, is_gone = false;
  const auto done = client.stream(statement.sql, statement.settings, [&](std::string_view piece) {
    if (!std::exchange(has_head, true)) {
      responder.start(head_of(statement.format, question.request.query_id));
    }
    is_gone = !responder.write(std::string(piece));
    return !is_gone;
  });
  if (is_gone) return {};
  if (!done && !has_head) {
    return std::unexpected(from_store(done.error(), client.last_error_number()));
  }
  if (!done) {
    responder.abort();
  } else if (has_head) {
    responder.end();
  } else {
    responder.send(head_of(statement.format, question.request.query_id));
  }
  return {};
}

store::NamedValues Service::settings_for(const Request& request,
                                         const logs::WorkspaceView& workspace,
                                         bool in_pieces) const {
  store::NamedValues settings = settings_;
  // Where the engine is somebody else's: nothing of the statement may change a setting.
  if (!settings.empty()) set(settings, "readonly", "1");
  set(settings, "max_execution_time", std::to_string(kWaitDefault.count()));
  set(settings, "session_timezone", "UTC");
  set(settings, "max_result_bytes", std::to_string(in_pieces ? kStreamBytesMax : kBytesMax));
  for (const auto& [name, value] : request.settings) set(settings, name, value);
  const std::string filters = separation_of(workspace, writer_.database);
  if (!filters.empty()) {
    set(settings, "additional_table_filters", filters);
    // Conditions of the statement are computed on nothing but rows that these leave: else whether a
    // division by zero ends it would tell of others.
    set(settings, "query_plan_merge_filters", "0");
    set(settings, "optimize_move_to_prewhere", "0");
  }
  settings.insert(settings.end(), request.parameters.begin(), request.parameters.end());
  return settings;
}

}  // namespace lw::server::sql
