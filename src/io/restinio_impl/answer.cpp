// SPDX-License-Identifier: Apache-2.0
#include "io/restinio_impl/answer.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace lw::io::restinio_impl {
namespace {

/// Enough to keep a fast client busy while the writer makes the next piece.
constexpr std::size_t kUnsentBytesMax = std::size_t{4} << 20;

const char* reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Status";
  }
}

restinio::http_status_line_t status_line(int status) {
  return {restinio::http_status_code_t(static_cast<std::uint16_t>(status)), reason_of(status)};
}

/// A line break in a value would let whoever chose the value write headers of his own.
std::string on_one_line(std::string text) {
  std::erase_if(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
  return text;
}

/// Headers that RESTinio writes by itself.
bool is_framing(const std::string& name) {
  return equals_ignoring_case(name, "Content-Length") ||
         equals_ignoring_case(name, "Transfer-Encoding") ||
         equals_ignoring_case(name, "Connection");
}

template <class Builder>
void add_headers(Builder& builder, const HttpResponse& response) {
  builder.append_header_date_field(SystemClock().wall_now());
  for (const auto& [name, value] : response.headers) {
    if (equals_ignoring_case(name, "Connection") && equals_ignoring_case(value, "close")) {
      builder.connection_close();
    }
    if (!is_framing(name)) builder.append_header(on_one_line(name), on_one_line(value));
  }
}

}  // namespace

bool Backlog::admit(std::size_t bytes) {
  while (true) {
    const bool admitted = unsent_.with([&](std::size_t& unsent) {
      if (unsent > kUnsentBytesMax) return false;
      unsent += bytes;
      return true;
    });
    if (admitted) return !room_.is_closed();
    if (!room_.pop()) return false;
  }
}

StreamWrite Backlog::try_admit(std::size_t bytes, std::size_t unsent_max) {
  if (room_.is_closed()) return StreamWrite::Gone;
  return unsent_.with([&](std::size_t& unsent) {
    if (unsent > unsent_max) return StreamWrite::Full;
    unsent += bytes;
    return StreamWrite::Taken;
  });
}

void Backlog::sent(std::size_t bytes) {
  unsent_.with([&](std::size_t& unsent) { unsent -= bytes; });
  room_.push(true);
}

Answer::Answer(restinio::request_handle_t request, std::shared_ptr<Wire> wire, Instant begun)
    : wire_(std::move(wire)), begun_(begun), state_(State{std::move(request), std::nullopt}) {}

Answer::~Answer() {
  const bool is_streaming =
      state_.with([](const State& state) { return state.stream.has_value(); });
  if (is_streaming) abort();
  send(plain_answer(500, "The server has no answer to this request; this is a fault of it.\n"));
}

restinio::write_status_cb_t Answer::on_finished() const {
  return [wire = wire_](const std::error_code&) { wire->request_ends(SystemClock().now()); };
}

void Answer::respond(State& state, HttpResponse response) const {
  const restinio::request_handle_t request = std::exchange(state.request, nullptr);
  if (request->header().method() == restinio::http_method_head()) {
    auto builder =
        request->create_response<restinio::user_controlled_output_t>(status_line(response.status));
    add_headers(builder, response);
    builder.set_content_length(response.body.size());
    builder.done(on_finished());
    return;
  }
  auto builder = request->create_response(status_line(response.status));
  add_headers(builder, response);
  builder.set_body(std::move(response.body));
  builder.done(on_finished());
}

void Answer::send(HttpResponse response) {
  state_.with([&](State& state) {
    if (state.request) respond(state, std::move(response));
  });
}

void Answer::start(HttpResponse head) {
  state_.with([&](State& state) {
    if (!state.request) return;
    const auto request = std::exchange(state.request, nullptr);
    state.stream.emplace(
        request->create_response<restinio::chunked_output_t>(status_line(head.status)));
    add_headers(*state.stream, head);
    if (!head.body.empty()) state.stream->append_chunk(std::move(head.body));
    state.stream->flush();
  });
}

bool Answer::write(std::string piece) {
  if (wire_->is_closed()) return false;
  // A chunk of no bytes would end the stream.
  if (piece.empty()) return true;
  if (!backlog_->admit(piece.size())) return false;
  return append(std::move(piece));
}

StreamWrite Answer::try_write(std::string piece, std::size_t unsent_max) {
  if (wire_->is_closed()) return StreamWrite::Gone;
  if (piece.empty()) return StreamWrite::Taken;
  const StreamWrite admitted = backlog_->try_admit(piece.size(), unsent_max);
  if (admitted != StreamWrite::Taken) return admitted;
  return append(std::move(piece)) ? StreamWrite::Taken : StreamWrite::Gone;
}

bool Answer::append(std::string piece) {
  const std::size_t bytes = piece.size();
  const bool is_taken = state_.with([&](State& state) {
    if (!state.stream) return false;
    state.stream->append_chunk(std::move(piece));
    state.stream->flush([backlog = backlog_, bytes](const std::error_code& error) {
      if (error) backlog->give_up();
      backlog->sent(bytes);
    });
    return true;
  });
  if (!is_taken) backlog_->sent(bytes);
  return is_taken;
}

void Answer::end() {
  state_.with([&](State& state) {
    if (!state.stream) return;
    state.stream->done(on_finished());
    state.stream.reset();
  });
}

void Answer::abort() {
  wire_->cut();
  // Nothing of this can reach the client any more; RESTinio notices and closes.
  send(plain_answer(500, ""));
  end();
}

void Answer::expire(Instant begun_before) {
  if (begun_ >= begun_before) return;
  auto response = plain_answer(504, "The server needed too long to answer; try again later.\n");
  response.headers.emplace_back("Connection", "close");
  send(std::move(response));
}

void Answer::detach() {
  backlog_->give_up();
  state_.with([](State& state) {
    state.request.reset();
    state.stream.reset();
  });
}

void Answers::add(const std::shared_ptr<Answer>& answer) {
  answers_.with([&](auto& answers) { answers.push_back(answer); });
}

std::vector<std::shared_ptr<Answer>> Answers::living() {
  return answers_.with([](auto& answers) {
    std::vector<std::shared_ptr<Answer>> living;
    std::erase_if(answers, [&](const auto& weak) {
      auto answer = weak.lock();
      if (!answer) return true;
      living.push_back(std::move(answer));
      return false;
    });
    return living;
  });
}

void Answers::expire(Instant begun_before) {
  for (const auto& answer : living()) answer->expire(begun_before);
}

void Answers::detach_all() {
  for (const auto& answer : living()) answer->detach();
}

}  // namespace lw::io::restinio_impl
