// SPDX-License-Identifier: Apache-2.0
#include "server/logs/answer.h"

#include <algorithm>

#include "base/number.h"
#include "base/text.h"
#include "server/logs/rows.h"

namespace lw::server::logs {
namespace {

constexpr std::size_t kTextBytesMax = std::size_t{64} << 20;

void append_columns(std::string& out, const std::vector<kql::ResultColumn>& columns) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    out += i == 0 ? R"({"name":)" : R"(,{"name":)";
    append_json_string(out, columns[i].name);
    out += R"(,"type":")";
    out += kql::name_of(columns[i].type);
    out += R"("})";
  }
}

Value statistics_of(const Reply& reply, const WrittenRows& written) {
  const double seconds =
      static_cast<double>((reply.translated + reply.executed).count()) / 1'000'000.0;
  Value dataset = Value::array();
  dataset.push(Value::object({{"tableRowCount", static_cast<std::int64_t>(written.rows)},
                              {"tableSize", static_cast<std::int64_t>(reply.bytes.size())}}));
  Value query;
  query.set("executionTime", seconds);
  query.set("translationTime", static_cast<double>(reply.translated.count()) / 1'000'000.0);
  query.set("datasetStatistics", std::move(dataset));
  return Value::object({{"query", std::move(query)}});
}

Value render_of(const kql::Render& render) {
  Value value;
  value.set("visualization", render.kind.empty() ? "table" : render.kind);
  for (const char* const name :
       {"title", "xColumn", "series", "yColumns", "anomalyColumns", "xTitle", "yTitle", "xAxis",
        "yAxis", "legend", "ySplit", "kind"}) {
    value.set(name, Value());
  }
  for (const auto& [name, text] : render.properties) value.set(name, text);
  return value;
}

/// Azure's words for a result that was cut off.
Value partial_error() {
  const std::string message =
      "The results of this query exceed the set limit of " + std::to_string(kRowsMax) +
      " records or 64 MB, so not all records were returned (E_QUERY_RESULT_SET_TOO_LARGE, "
      "0x80DA0003).";
  Value inner = Value::object(
      {{"code", "-2133196797"}, {"message", message}, {"severity", 2}, {"severityName", "Error"}});
  Value detail =
      Value::object({{"code", "EngineError"},
                     {"message", "Something went wrong processing your query on the server."},
                     {"innererror", std::move(inner)}});
  Value details = Value::array();
  details.push(std::move(detail));
  return Value::object({{"code", "PartialError"},
                        {"message", "There were some errors when processing your query."},
                        {"details", std::move(details)}});
}

}  // namespace

Wishes parse_prefer(std::string_view header) {
  Wishes wishes;
  for (const std::string& item : split(std::string(header), ',')) {
    const std::string word = to_lower(trim(item));
    if (word.starts_with("wait=")) {
      const auto seconds = parse_number<std::int64_t>(std::string_view(word).substr(5));
      if (seconds) {
        wishes.wait = Seconds(std::clamp<std::int64_t>(*seconds, 1, kWaitMax.count()));
      }
    }
    if (word == "include-statistics=true") wishes.statistics = true;
    if (word == "include-render=true") wishes.render = true;
  }
  return wishes;
}

std::string answer_text(const Reply& reply, const Wishes& wishes) {
  std::string text = R"({"tables":[{"name":"PrimaryResult","columns":[)";
  append_columns(text, reply.translation.columns);
  text += R"(],"rows":)";
  const WrittenRows written =
      write_json_rows(text, reply.bytes, reply.translation.columns, kRowsMax, kTextBytesMax);
  text += "}]";
  if (wishes.statistics) text += R"(,"statistics":)" + to_json(statistics_of(reply, written));
  if (wishes.render) text += R"(,"render":)" + to_json(render_of(reply.translation.render));
  if (written.is_cut || written.is_broken) text += R"(,"error":)" + to_json(partial_error());
  return text + "}";
}

Value explanation(const Reply& reply) {
  const kql::Statistics& facts = reply.translation.statistics;
  const auto list = [](const std::vector<std::string>& texts) {
    Value values = Value::array();
    for (const std::string& text : texts) values.push(text);
    return values;
  };
  Value columns = Value::array();
  for (const kql::ResultColumn& column : reply.translation.columns) {
    columns.push(Value::object({{"name", column.name}, {"type", kql::name_of(column.type)}}));
  }
  Value value;
  value.set("columns", std::move(columns));
  value.set("tables", list(facts.tables));
  value.set("restrictions", list(facts.restrictions));
  value.set("operators", static_cast<std::int64_t>(facts.operators));
  value.set("translationMs", static_cast<double>(reply.translated.count()) / 1000.0);
  value.set("plan", reply.translation.plan_sql);
  value.set("sql", reply.translation.sql);
  value.set("engine", list(split(reply.bytes, '\n')));
  return value;
}

}  // namespace lw::server::logs
