// SPDX-License-Identifier: Apache-2.0
#include "store/host/http_front.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/environment.h"
#include "base/text.h"
#include "io/pki.h"
#include "store/host/http_request.h"
#include "store/host/sql_text.h"

namespace lw::store::host {

struct HttpFront::Task {
  QueryRequest request;
  io::HttpResponder responder;
  Role role = Role::Reader;
  bool read_only = true;
};

namespace {

constexpr int kNetworkError = 210;
constexpr int kMemoryLimitExceeded = 241;
constexpr std::string_view kReaderUser = "reader";

// Their pieces have no header, so that pieces joined are the document (measured, store.md §7).
constexpr std::array<std::string_view, 5> kStreamedFormats = {"Native", "RowBinary", "JSONEachRow",
                                                              "CSV", "TabSeparated"};

std::string content_type(std::string_view format) {
  if (format.starts_with("JSON")) {
    return format.ends_with("EachRow") ? "application/x-ndjson; charset=UTF-8"
                                       : "application/json; charset=UTF-8";
  }
  if (format.starts_with("CSV")) return "text/csv; charset=UTF-8; header=absent";
  if (format.starts_with("T")) return "text/tab-separated-values; charset=UTF-8";
  for (const char* const text : {"Values", "Vertical", "Pretty", "Markdown", "XML"}) {
    if (format.starts_with(text)) return "text/plain; charset=UTF-8";
  }
  return "application/octet-stream";
}

std::string summary_of(const Answer& answer) {
  const auto field = [](const char* name, std::uint64_t value) {
    return std::string("\"") + name + "\":\"" + std::to_string(value) + "\"";
  };
  return "{" + field("read_rows", answer.read_rows) + "," + field("read_bytes", answer.read_bytes) +
         "," + field("written_rows", answer.written_rows) + "," +
         field("written_bytes", answer.written_bytes) + "," + field("total_rows_to_read", 0) + "," +
         field("result_rows", answer.result_rows) + "," +
         field("result_bytes", answer.body.size()) + "," +
         field("elapsed_ns", static_cast<std::uint64_t>(answer.elapsed_seconds * 1e9)) + "}";
}

io::HttpResponse head_for(const std::string& query_id, const std::string& format,
                          const Answer& answer) {
  io::HttpResponse response;
  response.headers = {
      {"Content-Type", content_type(format)}, {"X-ClickHouse-Server-Display-Name", host_name()},
      {"X-ClickHouse-Query-Id", query_id},    {"X-ClickHouse-Format", format},
      {"X-ClickHouse-Timezone", "UTC"},       {"X-ClickHouse-Summary", summary_of(answer)}};
  return response;
}

io::HttpResponse failure(const std::string& query_id, const Answer& answer) {
  io::HttpResponse response;
  response.status = status_of(answer.code);
  response.headers = {{"Content-Type", "text/plain; charset=UTF-8"},
                      {"X-ClickHouse-Server-Display-Name", host_name()},
                      {"X-ClickHouse-Query-Id", query_id},
                      {"X-ClickHouse-Exception-Code", std::to_string(answer.code)}};
  if (response.status == 401) {
    response.headers.emplace_back("WWW-Authenticate", "Basic realm=\"ClickHouse server HTTP API\"");
  }
  response.body = answer.error + "\n";
  return response;
}

std::string format_of(const SqlText& sql, const QueryRequest& request) {
  return sql.format.empty() || sql.is_insert ? request.default_format : sql.format;
}

/// Refuses what a read-only request may not do. The engine's own readonly mode lets INTO OUTFILE,
/// SYSTEM and KILL through, so the statement's class decides first.
Answer check_read_only(const Connection& connection, std::string_view sql) {
  const ChdbAnalysis analysis = connection.classify(sql);
  if (analysis.statement_count > 1) {
    return refusal(62, "Syntax error: Multi-statements are not allowed", "SYNTAX_ERROR");
  }
  // What does not parse goes on: the engine's syntax error says more.
  if (analysis.statement_count == 1 && analysis.query_class != 0) {
    return refusal(164,
                   "Cannot execute query in readonly mode. For queries over HTTP, method GET "
                   "implies readonly. You should use method POST for modifying queries",
                   "READONLY");
  }
  return {};
}

}  // namespace

Answer HttpFront::authenticate(const io::HttpRequest& request, Role& role) const {
  const Credentials credentials = read_credentials(request);
  if (!credentials.given) {
    return refusal(194, "Authentication required: send X-ClickHouse-User and X-ClickHouse-Key",
                   "REQUIRED_PASSWORD");
  }
  const bool is_reader = credentials.user == kReaderUser;
  const std::string& password = is_reader ? config_.reader_password : config_.password;
  const bool is_known = (is_reader || credentials.user == config_.user) && !password.empty();
  if (!is_known || !io::equal_secrets(credentials.password, password)) {
    return refusal(516,
                   credentials.user +
                       ": Authentication failed: password is incorrect, or there is "
                       "no user with such name",
                   "AUTHENTICATION_FAILED");
  }
  role = is_reader ? Role::Reader : Role::Writer;
  return {};
}

void HttpFront::handle(io::HttpRequest request, const io::HttpResponder& responder) {
  if (request.path == "/ping")
    return responder.send({200, {{"Content-Type", "text/plain"}}, "Ok.\n"});
  if (request.path != "/" && request.path != "/query") {
    return responder.send({404, {}, "There is no handle " + request.path + "\n"});
  }
  auto task = std::make_shared<Task>(Task{{}, responder, Role::Reader, true});
  if (const Answer refused = authenticate(request, task->role); refused.code != 0) {
    return responder.send(failure(request.parameter("query_id"), refused));
  }
  const bool is_get = request.method == "GET";
  if (is_get && !request.has_parameter("query")) {
    return responder.send({200, {{"Content-Type", "text/html; charset=UTF-8"}}, "Ok.\n"});
  }
  task->read_only = is_get || task->role == Role::Reader;
  task->request = read_query_request(std::move(request), task->role);
  if (task->request.refused.code != 0) {
    return responder.send(failure(task->request.query_id, task->request.refused));
  }
  const bool is_insert = read_sql_text(task->request.text).is_insert && !task->read_only;
  const bool queued = pool_.submit(is_insert ? Lane::Insert : Lane::Query,
                                   [this, task](Session& session) { run(session, *task); });
  if (queued) return;
  responder.send(
      failure(task->request.query_id, refusal(202, "Too many simultaneous queries. Try again later",
                                              "TOO_MANY_SIMULTANEOUS_QUERIES")));
}

void HttpFront::run(Session& session, const Task& task) const {
  const auto connection = session.connection(task.role, task.request.settings);
  if (!connection) {
    Answer refused;
    refused.error = connection.error().message;
    refused.code = error_number(refused.error);
    // An engine that takes no connections does not say why; memory can be it.
    if (refused.code == kMemoryLimitExceeded || refused.code == kNetworkError) {
      memory_failures_.push(true);
    }
    return task.responder.send(failure(task.request.query_id, refused));
  }
  bool streamed = false;
  Answer answer = execute(**connection, task, streamed);
  if (answer.code == kMemoryLimitExceeded) memory_failures_.push(true);
  if (streamed) {
    // The head has gone, so only a broken connection can say that the document is not complete.
    return answer.code == 0 ? task.responder.end() : task.responder.abort();
  }
  if (answer.code != 0) return task.responder.send(failure(task.request.query_id, answer));
  const std::string format = format_of(read_sql_text(task.request.text), task.request);
  io::HttpResponse response = head_for(task.request.query_id, format, answer);
  response.body = std::move(answer.body);
  task.responder.send(std::move(response));
}

Answer HttpFront::execute(Connection& connection, const Task& task, bool& streamed) const {
  const QueryRequest& request = task.request;
  const SqlText sql = read_sql_text(request.text);
  if (task.read_only) {
    if (Answer refused = check_read_only(connection, request.text); refused.code != 0) {
      return refused;
    }
  }
  Answer used = connection.use(request.database.empty() ? config_.database : request.database);
  if (used.code != 0) return used;
  if (sql.has_data) {
    return connection.insert({sql.statement, sql.format, request.parameters}, sql.data);
  }
  const std::string format = format_of(sql, request);
  const auto watch = reaper_ == nullptr ? nullptr : reaper_->watch([responder = task.responder] {
    return responder.is_gone();
  });
  const std::string text = (watch ? watch->mark() : std::string()) + std::string(sql.statement);
  const Statement statement{text, format, request.parameters};
  const bool joins = std::ranges::find(kStreamedFormats, format) != kStreamedFormats.end();
  if (!joins || request.wait_end_of_query) return connection.query(statement);
  const ChdbAnalysis analysis = connection.classify(request.text);
  if (analysis.statement_count != 1 || analysis.query_class != 0)
    return connection.query(statement);
  return stream(connection, task, statement, streamed);
}

Answer HttpFront::stream(Connection& connection, const Task& task, const Statement& statement,
                         bool& streamed) const {
  std::string first;
  bool has_first = false;
  const std::string format(statement.format);
  Answer answer = connection.stream(statement, [&](std::string piece) {
    if (!std::exchange(has_first, true)) {
      first = std::move(piece);
      return true;
    }
    if (!streamed) {
      streamed = true;
      task.responder.start(head_for(task.request.query_id, format, {}));
      if (!task.responder.write(std::move(first))) return false;
    }
    return task.responder.write(std::move(piece));
  });
  // A single piece is sent whole, with its length and true summary.
  if (!streamed) answer.body = std::move(first);
  return answer;
}

}  // namespace lw::store::host
