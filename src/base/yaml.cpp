// SPDX-License-Identifier: Apache-2.0
// YAML in and out of Value; the one file that includes yaml-cpp.
#include <yaml-cpp/yaml.h>

#include <fmt/core.h>

#include <charconv>
#include <cmath>
#include <optional>

#include "base/document.h"

namespace lw {
namespace {

/// Aliases can make a small text an enormous tree ("billion laughs"); real files stay far below.
constexpr int kNodesMax = 500'000;

Error error_at(const YAML::Mark& mark, std::string_view message) {
  return {ErrorCode::InvalidInput,
          fmt::format("line {}, column {}: {}", mark.line + 1, mark.column + 1, message)};
}

/// YAML 1.2 core schema for plain scalars.
Value scalar_value(const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return {};
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  const char* const begin = text.data() + (text[0] == '+' ? 1 : 0);
  const char* const end = text.data() + text.size();
  std::int64_t integer = 0;
  if (const auto [stop, error] = std::from_chars(begin, end, integer);
      error == std::errc() && stop == end) {
    return integer;
  }
  double number = 0;
  const bool starts_like_number = text.find_first_of("0123456789") != std::string::npos &&
                                  text.find_first_not_of("+-.0123456789eE") == std::string::npos;
  if (const auto [stop, error] = std::from_chars(begin, end, number);
      starts_like_number && error == std::errc() && stop == end) {
    return number;
  }
  return text;
}

class Converter {
 public:
  Result<Value> convert(const YAML::Node& node, int depth) {
    if (depth > kDocumentDepthMax) {
      return std::unexpected(
          error_at(node.Mark(), fmt::format("nested more than {} levels deep", kDocumentDepthMax)));
    }
    if (++nodes_ > kNodesMax) {
      return std::unexpected(error_at(node.Mark(), "the document grows too large by its aliases"));
    }
    Value value = TRY(convert_content(node, depth));
    value.set_location({node.Mark().line + 1, node.Mark().column + 1});
    return value;
  }

 private:
  Result<Value> convert_content(const YAML::Node& node, int depth) {
    switch (node.Type()) {
      case YAML::NodeType::Undefined:
      case YAML::NodeType::Null:
        return Value();
      case YAML::NodeType::Scalar:
        // yaml-cpp tags quoted text "!" and plain text "?".
        if (node.Tag() == "?" || node.Tag().empty()) return scalar_value(node.Scalar());
        return Value(node.Scalar());
      case YAML::NodeType::Sequence:
        return convert_sequence(node, depth);
      case YAML::NodeType::Map:
        return convert_map(node, depth);
    }
    return Value();
  }

  Result<Value> convert_sequence(const YAML::Node& node, int depth) {
    Value array = Value::array();
    for (const YAML::Node& item : node) array.push(TRY(convert(item, depth + 1)));
    return array;
  }

  Result<Value> convert_map(const YAML::Node& node, int depth) {
    Value::Object object;
    for (const auto& entry : node) {
      const YAML::Mark mark = entry.first.Mark();
      if (!entry.first.IsScalar()) {
        return std::unexpected(error_at(mark, "a key must be text"));
      }
      const std::string key = entry.first.Scalar();
      for (const auto& member : object) {
        if (member.key != key) continue;
        return std::unexpected(error_at(
            mark, fmt::format("key `{}` is there twice (first on line {}); keep one", key,
                              member.key_location.line)));
      }
      Value value = TRY(convert(entry.second, depth + 1));
      object.push_back({key, std::move(value), {mark.line + 1, mark.column + 1}});
    }
    return Value(std::move(object));
  }

  int nodes_ = 0;
};

/// Whether a plain scalar would be read back as this very text.
bool needs_quotes(const std::string& text) { return !scalar_value(text).is_string(); }

void emit(YAML::Emitter& out, const Value& value) {
  if (value.is_null()) {
    out << YAML::Null;
  } else if (value.is_bool()) {
    out << value.as_bool();
  } else if (value.is_int()) {
    out << value.as_int();
  } else if (value.is_number()) {
    out << fmt::format("{}", value.as_number());
  } else if (value.is_string()) {
    if (needs_quotes(value.as_string())) out << YAML::DoubleQuoted;
    out << value.as_string();
  } else if (value.is_array()) {
    if (value.as_array().empty()) out << YAML::Flow;
    out << YAML::BeginSeq;
    for (const Value& item : value.as_array()) emit(out, item);
    out << YAML::EndSeq;
  } else {
    if (value.as_object().empty()) out << YAML::Flow;
    out << YAML::BeginMap;
    for (const auto& member : value.as_object()) {
      out << YAML::Key << member.key << YAML::Value;
      emit(out, member.value);
    }
    out << YAML::EndMap;
  }
}

}  // namespace

Result<Value> parse_yaml(std::string_view text) {
  if (text.size() > kDocumentBytesMax) {
    return fail(ErrorCode::LimitExceeded,
                fmt::format("the document has {} bytes; at most {} are read", text.size(),
                            kDocumentBytesMax));
  }
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(std::string(text));
    if (documents.empty()) return Value();
    if (documents.size() > 1) {
      return std::unexpected(
          error_at(documents[1].Mark(), "a second document starts here; put it in its own file"));
    }
    return Converter().convert(documents[0], 0);
  } catch (const YAML::Exception& failure) {
    return std::unexpected(error_at(failure.mark, "not valid YAML: " + failure.msg));
  }
}

std::string to_yaml(const Value& value) {
  YAML::Emitter out;
  emit(out, value);
  return std::string(out.c_str(), out.size()) + "\n";
}

}  // namespace lw
