// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lw::migrate {

/// A quoted text of Terraform's language (HCL 2): what would end it or be a template is escaped.
std::string hcl_text(std::string_view text);
std::string hcl_list(const std::vector<std::string>& texts);
/// A name that a resource may have: letters, digits, `_` and `-`, not beginning with a digit.
std::string hcl_identifier(std::string_view text);

/// Writes HCL with blocks indented by two.
class HclWriter {
 public:
  /// `header {`
  void open(std::string_view header);
  void close();
  /// `name = value`; the value as it stands there.
  void argument(std::string_view name, std::string_view value);
  /// A text, unless it is empty.
  void text(std::string_view name, std::string_view value);
  /// A list of texts, unless it is empty.
  void texts(std::string_view name, const std::vector<std::string>& values);
  void comment(std::string_view text);
  [[nodiscard]] const std::string& result() const { return result_; }

 private:
  void line(std::string_view text);

  std::string result_;
  std::size_t depth_ = 0;
};

}  // namespace lw::migrate
