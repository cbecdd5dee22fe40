// SPDX-License-Identifier: Apache-2.0
#include "server/arm/operations.h"

#include <fmt/core.h>

#include "base/ids.h"
#include "base/random.h"
#include "base/text.h"
#include "io/pki.h"

namespace lw::server::arm {
namespace {

// 16 bytes: random, the kind, and the head of a keyed hash of both.
constexpr std::size_t kRandomBytes = 7;
constexpr std::size_t kMarkedBytes = kRandomBytes + 1;
constexpr std::size_t kMarkBytes = 8;

std::string mark_of(std::string_view marked, std::string_view key) {
  // A fixed length and a cut-off hash: nothing can be appended, so no HMAC is needed.
  return io::sha256(std::string(key) + std::string(marked)).substr(0, kMarkBytes);
}

std::string to_uuid(const std::string& bytes) {
  const std::string hex = hex_of(bytes);
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                     hex.substr(16, 4), hex.substr(20));
}

/// The 16 bytes behind a UUID's text.
std::optional<std::string> bytes_of(std::string_view uuid) {
  std::string bytes;
  std::string digits;
  for (const char c : uuid) {
    if (c != '-') digits += c;
  }
  if (digits.size() != 2 * (kMarkedBytes + kMarkBytes)) return std::nullopt;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const auto byte = parse_hex(digits.substr(i, 2));
    if (!byte) return std::nullopt;
    bytes += static_cast<char>(*byte);
  }
  return bytes;
}

std::string url(const Services& services, const Call& call, std::string_view location,
                std::string_view noun, std::string_view id) {
  const std::string version = call.request.parameter("api-version");
  return fmt::format(
      "{}/subscriptions/{}/providers/Microsoft.Network/locations/{}/{}/{}?api-version={}",
      origin_of(call.request), services.control.subscription_id(), io::percent_encode(location),
      noun, id, io::percent_encode(version));
}

Refusal no_operation(const std::string& id) {
  return {.status = 404,
          .code = "OperationNotFound",
          .message = fmt::format("There is no operation {}.", id)};
}

Value error_value(const Error& error) {
  const Refusal refusal = to_refusal(error);
  return Value::object({{"code", refusal.code}, {"message", refusal.message}});
}

void answer_check_status(const Call& call, const Operations::Operation& operation) {
  if (!operation.outcome) {
    return reply(call, Value::object({{"status", "InProgress"}}), 200, {{"Retry-After", "1"}});
  }
  if (*operation.outcome) return reply(call, Value::object({{"status", "Succeeded"}}));
  reply(call,
        Value::object({{"status", "Failed"}, {"error", error_value(operation.outcome->error())}}));
}

void answer_check_result(Services& services, const Call& call,
                         const Operations::Operation& operation) {
  if (operation.outcome && *operation.outcome) return reply(call, **operation.outcome);
  if (operation.outcome) return refuse(call, to_refusal(operation.outcome->error()));
  // It runs: ask again in the same place.
  const std::string& id = call.path.at("operation");
  reply_empty(call, 202,
              {{"Location", url(services, call, call.path.at("location"), "operationResults", id)},
               {"Retry-After", "1"}});
}

void answer_status(Services& services, const Call& call) {
  const std::string& id = call.path.at("operation");
  const auto kind = kind_of_operation(id, services.control.operation_key());
  if (!kind) return refuse(call, no_operation(id));
  if (*kind == OperationKind::Check) {
    const auto* const operation = services.control.operations().find(id);
    return operation == nullptr ? refuse(call, no_operation(id))
                                : answer_check_status(call, *operation);
  }
  reply(call, Value::object({{"status", "Succeeded"}}));
}

void answer_result(Services& services, const Call& call) {
  const std::string& id = call.path.at("operation");
  const auto kind = kind_of_operation(id, services.control.operation_key());
  if (!kind) return refuse(call, no_operation(id));
  if (*kind == OperationKind::Check) {
    const auto* const operation = services.control.operations().find(id);
    return operation == nullptr ? refuse(call, no_operation(id))
                                : answer_check_result(services, call, *operation);
  }
  // A deletion leaves nothing. The other has to be 200: newer clients refuse 204 there.
  if (*kind == OperationKind::Delete) return reply_empty(call, 204);
  reply(call, Value());
}

}  // namespace

std::string make_operation_id(OperationKind kind, std::string_view key) {
  std::string marked = random_bytes(kRandomBytes);
  marked += static_cast<char>(kind);
  return to_uuid(marked + mark_of(marked, key));
}

std::optional<OperationKind> kind_of_operation(std::string_view id, std::string_view key) {
  const auto bytes = bytes_of(id);
  if (!bytes) return std::nullopt;
  const std::string marked = bytes->substr(0, kMarkedBytes);
  if (mark_of(marked, key) != bytes->substr(kMarkedBytes)) return std::nullopt;
  return static_cast<OperationKind>(marked.back());
}

Headers operation_headers(const Services& services, const Call& call, OperationKind kind,
                          std::string_view location) {
  const std::string id = make_operation_id(kind, services.control.operation_key());
  Headers headers{
      {"Azure-AsyncOperation", url(services, call, location, "operations", id)},
      {"Azure-AsyncNotification", "Enabled"},
      {"Retry-After", "1"},
      {"x-ms-request-id", id},
  };
  if (kind != OperationKind::Put) {
    headers.emplace_back("Location", url(services, call, location, "operationResults", id));
  }
  return headers;
}

void add_operation_routes(Router& router, Services& services) {
  const std::string base =
      "/subscriptions/{subscription}/providers/Microsoft.Network/locations/{location}/";
  // An operation's id is known to who started it only, so that no scope need be asked.
  router.add("GET", base + "operations/{operation}", {Access::Reader, Reach::Own}, [&](Call call) {
    on_subscription(services, std::move(call),
                    [&](const Call& inner) { answer_status(services, inner); });
  });
  router.add("GET", base + "operationResults/{operation}", {Access::Reader, Reach::Own},
             [&](Call call) {
               on_subscription(services, std::move(call),
                               [&](const Call& inner) { answer_result(services, inner); });
             });
}

}  // namespace lw::server::arm
