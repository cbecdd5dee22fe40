// SPDX-License-Identifier: Apache-2.0
// YAML in and out of Value; the one file that includes yaml-cpp.
#include <fmt/core.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <unordered_map>

#include "base/document.h"

namespace lw {
namespace {

/// Aliases can make a small text an enormous tree ("billion laughs"); real files stay far below.
constexpr int kNodesMax = 500'000;
constexpr std::size_t kExpandedBytesMax = 4 * kDocumentBytesMax;

Error error_at(const YAML::Mark& mark, std::string_view message) {
  return {ErrorCode::InvalidInput,
          fmt::format("line {}, column {}: {}", mark.line + 1, mark.column + 1, message)};
}

/// The whole of `text` as a number of that base, if it is one.
std::optional<std::int64_t> whole_number(std::string_view text, int base) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<double> floating_number(std::string_view text) {
  // from_chars also knows "inf" and "nan", which are words in YAML.
  if (text.find_first_of("0123456789") == std::string_view::npos) return std::nullopt;
  if (text.find_first_not_of("-.0123456789eE+") != std::string_view::npos) return std::nullopt;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<double> special_number(std::string_view text) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (text == ".nan" || text == ".NaN" || text == ".NAN") return std::nan("");
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  if (text != ".inf" && text != ".Inf" && text != ".INF") return std::nullopt;
  return is_negative ? -kInfinity : kInfinity;
}

/// YAML 1.2 core schema for plain scalars.
Value scalar_value(const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return {};
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  std::string_view number = text;
  const bool has_plus = number.starts_with('+');
  if (has_plus) number.remove_prefix(1);
  if (has_plus && number.starts_with('-')) return text;
  if (const auto value = whole_number(number, 10)) return *value;
  if (const auto value = floating_number(number)) return *value;
  if (const auto value = special_number(text)) return *value;
  const bool is_prefixed = text.size() > 2 && text[2] != '-';
  const auto digits = std::string_view(text).substr(std::min<std::size_t>(2, text.size()));
  if (is_prefixed && text.starts_with("0x")) {
    if (const auto value = whole_number(digits, 16)) return *value;
  }
  if (is_prefixed && text.starts_with("0o")) {
    if (const auto value = whole_number(digits, 8)) return *value;
  }
  return text;
}

class Converter {
 public:
  Result<Value> convert(const YAML::Node& node, int depth) {
    if (depth >= kDocumentDepthMax && !node.IsScalar() && !node.IsNull()) {
      return std::unexpected(
          error_at(node.Mark(), fmt::format("nested more than {} levels deep", kDocumentDepthMax)));
    }
    if (node.IsScalar()) bytes_ += node.Scalar().size();
    if (++nodes_ > kNodesMax || bytes_ > kExpandedBytesMax) {
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
    std::unordered_map<std::string, int> lines;
    for (const auto& entry : node) {
      const YAML::Mark mark = entry.first.Mark();
      if (!entry.first.IsScalar()) {
        return std::unexpected(error_at(mark, "a key must be text"));
      }
      const std::string key = entry.first.Scalar();
      const auto [first, is_new] = lines.emplace(key, mark.line + 1);
      if (!is_new) {
        return std::unexpected(
            error_at(mark, fmt::format("key `{}` is there twice (first on line {}); keep one", key,
                                       first->second)));
      }
      Value value = TRY(convert(entry.second, depth + 1));
      object.push_back({key, std::move(value), {mark.line + 1, mark.column + 1}});
    }
    return Value(std::move(object));
  }

  int nodes_ = 0;
  std::size_t bytes_ = 0;
};

/// Whether a plain scalar would not be read back as this very text. The emitter itself quotes what
/// would be other syntax, but not the marks between documents.
bool needs_quotes(const std::string& text) {
  return !scalar_value(text).is_string() || text.starts_with("---") || text.starts_with("...");
}

std::string number_text(double number) {
  if (std::isnan(number)) return ".nan";
  if (std::isinf(number)) return number > 0 ? ".inf" : "-.inf";
  return fmt::format("{}", number);
}

void emit(YAML::Emitter& out, const Value& value) {
  if (value.is_null()) {
    out << YAML::Null;
  } else if (value.is_bool()) {
    out << value.as_bool();
  } else if (value.is_int()) {
    out << value.as_int();
  } else if (value.is_number()) {
    out << number_text(value.as_number());
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
      out << YAML::Key;
      if (needs_quotes(member.key)) out << YAML::DoubleQuoted;
      out << member.key << YAML::Value;
      emit(out, member.value);
    }
    out << YAML::EndMap;
  }
}

/// Hears where documents start and nothing else.
class Starts : public YAML::EventHandler {
 public:
  [[nodiscard]] YAML::Mark last() const { return last_; }

  void OnDocumentStart(const YAML::Mark& mark) override { last_ = mark; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

 private:
  YAML::Mark last_;
};

/// Where a second document starts, if there is one. Not YAML::LoadAll: after some brackets that do
/// not match, yaml-cpp 0.7 finds further empty documents for ever.
std::optional<YAML::Mark> second_document(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  Starts starts;
  if (!parser.HandleNextDocument(starts) || !parser.HandleNextDocument(starts)) return std::nullopt;
  return starts.last();
}

}  // namespace

Result<Value> parse_yaml(std::string_view text) {
  if (text.size() > kDocumentBytesMax) {
    return fail(ErrorCode::LimitExceeded,
                fmt::format("the document has {} bytes; at most {} are read", text.size(),
                            kDocumentBytesMax));
  }
  try {
    const std::string copy(text);
    if (const auto second = second_document(copy)) {
      return std::unexpected(
          error_at(*second, "a second document starts here; put it in its own file"));
    }
    return Converter().convert(YAML::Load(copy), 0);
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
