// SPDX-License-Identifier: Apache-2.0
#include "base/pattern.h"

#include <re2/re2.h>

namespace lw {

namespace {

RE2::Options quiet() {
  RE2::Options options;
  options.set_log_errors(false);
  // The bytes of a body may be of any encoding.
  options.set_encoding(RE2::Options::EncodingLatin1);
  return options;
}

}  // namespace

struct Pattern::Impl {
  explicit Impl(const std::string& text) : expression(text, quiet()) {}
  RE2 expression;
};

Pattern::Pattern(const std::string& expression) : impl_(std::make_unique<Impl>(expression)) {}
Pattern::~Pattern() = default;

bool Pattern::is_in(std::string_view text) const {
  return impl_->expression.ok() &&
         RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), impl_->expression);
}

std::string pattern_fault(const std::string& expression) {
  const RE2 compiled(expression, quiet());
  return compiled.ok() ? "" : compiled.error();
}

}  // namespace lw
