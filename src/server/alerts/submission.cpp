// SPDX-License-Identifier: Apache-2.0
#include "server/alerts/submission.h"

#include <algorithm>
#include <string_view>

#include "base/text.h"
#include "model/object_reader.h"

namespace lw::server::alerts {
namespace {

constexpr std::size_t kNameBytesMax = 260;

/// The parts beside `properties`; what names the resource comes from the address.
void read_frame(const Value& body, std::vector<Diagnostic>& faults) {
  Diagnostics found("");
  ObjectReader reader({&body, ""}, found);
  reader.text("location");
  reader.text_map("tags");
  reader.object("properties");
  for (const char* const key :
       {"id", "name", "type", "kind", "etag", "identity", "apiVersion", "systemData"}) {
    reader.ignore(key);
  }
  if (body.is_object() && !reader.has("properties")) {
    reader.fault("properties", "`properties` is missing; add them");
  }
  reader.finish();
  for (Diagnostic& fault : found.take()) faults.push_back(std::move(fault));
}

Value kept_of(const Value& body) {
  Value document = Value::object();
  for (const char* const key : {"location", "tags", "properties"}) {
    const Value* const value = body.find(key);
    if (value != nullptr && !value->is_null()) document.set(key, *value);
  }
  return document;
}

/// `read` gives the properties' faults and puts the model into `submission`.
template <class Model, class Read>
Submission<Model> read_body(const Value& body, const Read& read) {
  Submission<Model> submission;
  read_frame(body, submission.faults);
  const Value* const properties = body.find("properties");
  if (properties == nullptr || !properties->is_object()) return submission;
  submission.document = kept_of(body);
  for (Diagnostic& fault : read(*properties, submission.model)) {
    submission.faults.push_back(std::move(fault));
  }
  return submission;
}

}  // namespace

Submission<AlertRule> read_rule_body(const Value& body) {
  return read_body<AlertRule>(body, [](const Value& properties, AlertRule& model) {
    AlertRuleRead read = read_alert_rule(properties, "properties");
    model = std::move(read.rule);
    return std::move(read.faults);
  });
}

Submission<ActionGroup> read_group_body(const Value& body) {
  return read_body<ActionGroup>(body, [](const Value& properties, ActionGroup& model) {
    ActionGroupRead read = read_action_group(properties, "properties");
    model = std::move(read.group);
    return std::move(read.faults);
  });
}

std::optional<std::string> refuse_name(const std::string& name) {
  if (name.empty() || name.size() > kNameBytesMax) {
    return "names have 1 to 260 characters";
  }
  constexpr std::string_view kNever = "*#&+:<>?@%{}\\/";
  if (name.find_first_of(kNever) != std::string::npos || !is_utf8(name) || !is_printable(name)) {
    return "names have no control characters and none of * # & + : < > ? @ % { } \\ /";
  }
  if (name.ends_with(' ') || name.ends_with('.')) return "names end in no blank and no dot";
  return std::nullopt;
}

Value patched(Value document, const Value& patch) {
  if (const Value* const tags = patch.find("tags"); tags != nullptr && !tags->is_null()) {
    document.set("tags", *tags);
  }
  const Value* const changed = patch.find("properties");
  if (changed == nullptr || !changed->is_object()) return document;
  const Value* const before = document.find("properties");
  Value properties = before != nullptr ? *before : Value::object();
  for (const Value::Member& member : changed->as_object()) properties.set(member.key, member.value);
  document.set("properties", std::move(properties));
  return document;
}

Value fault_list(const std::vector<Diagnostic>& faults) {
  Value list = Value::array();
  for (const Diagnostic& fault : faults) {
    list.push(Value::object(
        {{"path", fault.path}, {"message", fault.message}, {"text", to_string(fault)}}));
  }
  return list;
}

}  // namespace lw::server::alerts
