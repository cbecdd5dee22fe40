// SPDX-License-Identifier: Apache-2.0
// /api/v1/query: the same queries in more formats, for our own UI and command line.
#include <array>
#include <memory>
#include <optional>

#include "base/text.h"
#include "server/logs/routes.h"
#include "server/logs/rows.h"
#include "server/logs/sheet.h"

namespace lw::server::logs {
namespace {

/// A way to write rows. Where `engine` is given, the store writes the file itself.
struct Format {
  std::string_view name;
  std::string_view engine;
  std::string_view content_type;
  std::string_view extension;
};

constexpr std::array kFormats = {
    Format{"json", {}, "application/json; charset=utf-8", "json"},
    Format{"jsonl", {}, "application/x-ndjson; charset=utf-8", "jsonl"},
    Format{"xlsx", {}, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"},
    Format{"csv", {}, "text/csv; charset=utf-8; header=present", "csv"},
    Format{"parquet", "Parquet", "application/vnd.apache.parquet", "parquet"},
    Format{"arrow", "Arrow", "application/vnd.apache.arrow.file", "arrow"},
};

const Format* find_format(const std::string& name) {
  for (const Format& format : kFormats) {
    if (format.name == name) return &format;
  }
  return nullptr;
}

/// A parameter of the URL, or a member of the body.
std::string wish(const Call& call, const Value& body, const char* name, std::string otherwise) {
  const std::string given = call.request.parameter(name);
  return given.empty() ? body.text(name, std::move(otherwise)) : given;
}

Failure unknown_format(const std::string& name) {
  std::vector<std::string> names;
  names.reserve(kFormats.size());
  for (const Format& format : kFormats) names.emplace_back(format.name);
  return bad_argument("UnknownFormat", "There is no format '" + name.substr(0, 50) + "'; use " +
                                           join(names, ", ") + ".");
}

/// Rows on their way to a client as text or as a spreadsheet. The head leaves with the first of
/// them, so that what fails before is still told by status and body; what fails later can only cut
/// the connection.
class TextAnswer {
 public:
  TextAnswer(const Call& call, const Format& format) : call_(call), format_(format) {}

  void begin(const kql::Translation& translation) {
    if (format_.name == "xlsx") {
      rows_ = std::make_unique<RowSheet>(translation.columns);
    } else {
      const bool is_csv = format_.name == "csv";
      rows_ =
          std::make_unique<RowText>(translation.columns, is_csv ? TextForm::Csv : TextForm::Json);
    }
  }
  bool take(std::string_view piece) {
    std::string text = rows_->take(piece);
    if (!has_head_) start();
    return text.empty() || call_.responder.write(std::move(text));
  }
  void end(const Outcome<Reply>& answer) {
    if (!answer && !has_head_) return refuse(call_, answer.error());
    auto tail = answer ? rows_->tail() : std::nullopt;
    if (!tail) return call_.responder.abort();
    if (!has_head_) start();
    if (!tail->empty()) call_.responder.write(std::move(*tail));
    call_.responder.end();
  }

 private:
  void start() {
    has_head_ = true;
    call_.responder.start({.status = 200,
                           .headers = {{"Content-Type", std::string(format_.content_type)},
                                       {"Cache-Control", "no-store"}},
                           .body = rows_->head()});
  }

  const Call call_;
  const Format& format_;
  std::unique_ptr<RowWriter> rows_;
  bool has_head_ = false;
};

/// Asks for rows that are written here, piece by piece.
void stream_text(Service& service, const Call& call, const Format& format, Question question) {
  const auto text = std::make_shared<TextAnswer>(call, format);
  question.stream =
      RowStream{[text](const kql::Translation& translation) { text->begin(translation); },
                [text](std::string_view piece) { return text->take(piece); }};
  service.ask(
      std::move(question), [responder = call.responder] { return responder.is_gone(); },
      [text](const Outcome<Reply>& answer) { text->end(answer); });
}

Outcome<Value> read_body(const Call& call) {
  if (call.request.body.empty()) return Value::object();
  auto body = parse_json(call.request.body);
  if (body && body->is_object()) return std::move(*body);
  return std::unexpected(bad_argument("InvalidJsonBody", "The body is no JSON object."));
}

void answer_query(Service& service, const Call& call) {
  const auto body = read_body(call);
  if (!body) return refuse(call, body.error());
  const std::string name = wish(call, *body, "format", "json");
  const Format* const format = find_format(name);
  if (format == nullptr) return refuse(call, unknown_format(name));
  const std::string workspace = wish(call, *body, "workspace", default_workspace(service, call));
  auto question = read_question(call, workspace);
  if (!question) return refuse(call, question.error());
  Wishes wishes = parse_prefer(call.request.header("Prefer"));
  wishes.statistics = wishes.render = true;
  question->wait = wishes.wait;
  question->is_explain = wish(call, *body, "explain", "false") == "true" || body->flag("explain");
  // These are whole or refused; only the form of Log Analytics can say that it was cut.
  if (format->name != "json") question->rows_max = 0;
  if (!format->engine.empty()) {
    question->form = kql::ResultForm::Named;
    question->format = format->engine;
  }
  const bool is_explain = question->is_explain;
  const bool is_text = format->engine.empty() && format->name != "json";
  if (is_text && !is_explain) return stream_text(service, call, *format, std::move(*question));
  service.ask(
      std::move(*question), [responder = call.responder] { return responder.is_gone(); },
      [call, format, wishes, is_explain](Outcome<Reply> answer) {
        if (!answer) return refuse(call, answer.error());
        if (is_explain) return api::answer(call, explanation(*answer));
        if (format->name == "json") return reply(call, answer_text(*answer, wishes));
        reply(call, std::move(answer->bytes), std::string(format->content_type));
      });
}

}  // namespace

void add_native_routes(Router& router, Service& service) {
  router.add("GET", "/api/v1/query", {Access::Reader, Reach::Own},
             [&service](const Call& call) { answer_query(service, call); });
  router.add("POST", "/api/v1/query", {Access::Reader, Reach::Own},
             [&service](const Call& call) { answer_query(service, call); });
  router.add("GET", "/api/v1/kql/schema", {Access::Reader, Reach::Own},
             [](const Call& call) { api::answer(call, schema_value(sees_audit(call))); });
  router.add("GET", "/api/v1/kql/capabilities", {Access::Reader, Reach::Own},
             [](const Call& call) { api::answer(call, capabilities_value()); });
}

}  // namespace lw::server::logs
