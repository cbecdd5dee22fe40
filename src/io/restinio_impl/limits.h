// SPDX-License-Identifier: Apache-2.0
// Part of server.cpp, apart for its subject.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <functional>
#include <string>

#include <restinio/all.hpp>

#include "base/text.h"
#include "io/http_server.h"

namespace lw::io::restinio_impl {

/// RESTinio drops the connection when a request is above a limit, without a word. This tag selects
/// parser callbacks of ours, which end such a request early and mark it for the handler instead.
struct LimitedMethods : restinio::default_http_methods_t {};

/// Headers of a marked request: no client can send such a name, for a colon is no part of one.
inline constexpr const char* kRejectionHeader = ":rejection";
inline constexpr const char* kBodyLimitHeader = ":body-limit";
inline constexpr std::size_t kHeaderFieldsMax = 200;
/// What the parser itself takes; above, RESTinio closes without an answer.
inline constexpr std::size_t kParserBytesMax = std::size_t{1} << 20;

/// Our callbacks read these out of RESTinio's parser context, where field values carry the limit
/// for the whole header.
inline restinio::incoming_http_msg_limits_t message_limits(std::size_t header_bytes_max,
                                                           std::size_t body_bytes_max) {
  // A setting of the whole process, for all users of http_parser.
  http_parser_set_max_header_size(kParserBytesMax);
  return restinio::incoming_http_msg_limits_t()
      .max_field_value_size(std::min(header_bytes_max, kParserBytesMax / 2))
      .max_body_size(body_bytes_max);
}

/// The status that a marked request must be answered with; 0 for a good one.
inline int rejection_of(const restinio::http_request_header_t& header) {
  const auto mark = header.opt_value_of(kRejectionHeader);
  return mark ? std::atoi(std::string(*mark).c_str()) : 0;
}

inline std::string rejection_text(int status) {
  if (status == 413) {
    return "The body is larger than this server accepts from you; send less at once, and the "
           "right credentials.\n";
  }
  if (status == 431) return "The request line and headers are larger than this server accepts.\n";
  return "This server speaks HTTP/1.1.\n";
}

using ParserContext = restinio::impl::http_parser_ctx_t;

inline ParserContext& context_of(http_parser* parser) {
  return *static_cast<ParserContext*>(parser->data);
}

/// Makes the request complete as it is, marked; the parser reads no further.
inline int reject(http_parser* parser, const char* status) {
  ParserContext& context = context_of(parser);
  context.m_body = std::string();
  context.m_header.method(LimitedMethods::from_nodejs(static_cast<int>(parser->method)));
  context.m_header.should_keep_alive(false);
  context.m_header.set_field(kRejectionHeader, status);
  context.m_message_complete = true;
  parser->upgrade = 0;
  http_parser_pause(parser, 1);
  return 0;
}

inline bool is_header_too_large(const ParserContext& context) {
  std::size_t bytes =
      context.m_header.request_target().size() + context.m_current_field_name.size();
  const auto add = [&](const auto& field) {
    constexpr std::size_t kSeparators = 4;
    bytes += field.name().size() + field.value().size() + kSeparators;
  };
  context.m_header.for_each_field(add);
  context.m_chunked_info_block.m_trailing_fields.for_each_field(add);
  return bytes > context.m_limits.max_field_value_size() ||
         context.m_total_field_count > kHeaderFieldsMax;
}

inline int check_header(http_parser* parser, int result) {
  if (result != 0) return result;
  return is_header_too_large(context_of(parser)) ? reject(parser, "431") : 0;
}

inline int on_target(http_parser* parser, const char* at, std::size_t length) {
  context_of(parser).m_header.append_request_target(at, length);
  return check_header(parser, 0);
}

inline int on_field(http_parser* parser, const char* at, std::size_t length) {
  return check_header(parser, restinio::impl::restinio_header_field_cb(parser, at, length));
}

inline int on_value(http_parser* parser, const char* at, std::size_t length) {
  ParserContext& context = context_of(parser);
  const int result = restinio::impl::restinio_header_value_cb(parser, at, length);
  // RESTinio's own verdict about a value that is too long comes after it was stored.
  const bool too_long = context.m_last_value_total_size >= context.m_limits.max_field_value_size();
  return check_header(parser, too_long ? 0 : result);
}

/// HttpServerConfig::body_bytes_for of the server whose loop this thread runs. The parser's
/// callbacks get nothing but the parser, whose memory is RESTinio's.
using BodyLimit = std::function<std::size_t(const HttpRequest& head)>;
inline thread_local const BodyLimit* body_limit_of_this_thread = nullptr;

inline std::size_t body_bytes_max(const ParserContext& context) {
  const auto mark = context.m_header.opt_value_of(kBodyLimitHeader);
  return mark ? std::strtoull(std::string(*mark).c_str(), nullptr, 10)
              : context.m_limits.max_body_size();
}

/// Asks what this caller may send, and notes the answer if it is less than usual.
inline void limit_body(http_parser* parser) {
  if (body_limit_of_this_thread == nullptr || !*body_limit_of_this_thread) return;
  ParserContext& context = context_of(parser);
  HttpRequest head;
  head.method = LimitedMethods::from_nodejs(static_cast<int>(parser->method)).c_str();
  head.target = context.m_header.request_target();
  context.m_header.for_each_field([&](const auto& field) {
    head.headers.emplace_back(field.name(), std::string(trim(field.value())));
  });
  const std::size_t limit = (*body_limit_of_this_thread)(head);
  if (limit < context.m_limits.max_body_size()) {
    context.m_header.set_field(kBodyLimitHeader, std::to_string(limit));
  }
}

inline int on_headers_complete(http_parser* parser) {
  ParserContext& context = context_of(parser);
  // We upgrade to nothing, so that a client's offer to do so is no reason to treat it differently.
  parser->upgrade = 0;
  if (parser->http_major != 1) return reject(parser, "505");
  const bool has_length = parser->content_length != ULLONG_MAX;
  const bool has_body = has_length ? parser->content_length > 0 : (parser->flags & F_CHUNKED) != 0;
  if (has_body) limit_body(parser);
  if (has_length && parser->content_length > body_bytes_max(context)) {
    return reject(parser, "413");
  }
  context.m_leading_headers_completed = true;
  return 0;
}

inline int on_body(http_parser* parser, const char* at, std::size_t length) {
  ParserContext& context = context_of(parser);
  // What is there already never exceeds the limit.
  if (length > body_bytes_max(context) - context.m_body.size()) {
    return reject(parser, "413");
  }
  context.m_body.append(at, length);
  return 0;
}

}  // namespace lw::io::restinio_impl

/// Chunks are no unit that we care about, so their callbacks stay unset.
template <>
inline http_parser_settings
restinio::impl::create_parser_settings<lw::io::restinio_impl::LimitedMethods>() noexcept {
  using namespace lw::io::restinio_impl;
  http_parser_settings settings;
  http_parser_settings_init(&settings);
  settings.on_url = on_target;
  settings.on_header_field = on_field;
  settings.on_header_value = on_value;
  settings.on_headers_complete = on_headers_complete;
  settings.on_body = on_body;
  settings.on_message_complete = [](http_parser* parser) {
    return restinio_message_complete_cb<LimitedMethods>(parser);
  };
  return settings;
}
