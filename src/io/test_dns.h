// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/ip_address.h"
#include "base/text.h"
#include "io/loop.h"
#include "io/socket_address.h"

/// For tests only: a name server that answers over UDP on loopback.
namespace lw::io {

inline constexpr int kServFail = 2;
inline constexpr int kNxDomain = 3;
inline constexpr int kRefused = 5;

/// A name server on the test's own loop that says what it is told to.
class FakeDns {
 public:
  struct Answer {
    int rcode = 0;
    std::vector<std::string> v4, v6;
    std::vector<std::string> pointers;  ///< to questions for PTR
    std::string alias;                  ///< if set: of the name that has the pointers (RFC 2317)
    std::uint32_t ttl = 30;
    bool silent = false;
    bool silent_v6 = false;
    std::optional<int> rcode_v6;
    std::string only_name;  ///< Other names do not exist, if this is not empty.
  };

  explicit FakeDns(Loop& loop) {
    SocketAddress local(*parse_ip_address("127.0.0.1"), 0);
    fd_ = FileDescriptor(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    EXPECT_EQ(::bind(fd_.get(), local.data(), local.size()), 0);
    socklen_t size = SocketAddress::capacity();
    EXPECT_EQ(::getsockname(fd_.get(), local.data(), &size), 0);
    address = "127.0.0.1:" + std::to_string(port_of(local.data()));
    watch_ = loop.watch(fd_.get(), Loop::Interest::Read, [this] { serve(); });
  }
  std::string address;
  Answer answer;
  int queries = 0;
  std::vector<std::string> names;  ///< of the questions for A and PTR

 private:
  static constexpr int kCname = 5, kPtr = 12, kAaaa = 28;

  static void put(std::string& out, std::uint32_t value, int bytes) {
    while (bytes-- > 0) out += static_cast<char>((value >> (8 * bytes)) & 0xff);
  }

  /// "web.example" of its labels, each after its length.
  static std::string name_of(const std::string& question) {
    std::string name;
    for (std::size_t at = 0; question.at(at) != 0;) {
      const std::size_t size = static_cast<unsigned char>(question.at(at));
      name += (name.empty() ? "" : ".") + question.substr(at + 1, size);
      at += size + 1;
    }
    return name;
  }

  /// Labels, each after its length.
  static std::string labels_of(const std::string& name) {
    std::string labels;
    for (const std::string& label : split(name, '.')) {
      put(labels, static_cast<std::uint32_t>(label.size()), 1);
      labels += label;
    }
    return labels + '\0';
  }

  /// A record whose owner is `owner`, or else the question's name.
  [[nodiscard]] std::string record(int type, const std::string& data,
                                   const std::string& owner = {}) const {
    std::string out;
    if (owner.empty()) put(out, 0xc00c, 2);
    out += owner;
    put(out, static_cast<std::uint32_t>(type), 2);
    put(out, 1, 2);
    put(out, answer.ttl, 4);
    put(out, static_cast<std::uint32_t>(data.size()), 2);
    return out + data;
  }

  [[nodiscard]] std::vector<std::string> records_for(int type) const {
    std::vector<std::string> records;
    const std::string owner = answer.alias.empty() ? "" : labels_of(answer.alias);
    if (type == kPtr && !owner.empty()) records.push_back(record(kCname, owner));
    if (type == kPtr) {
      for (const auto& name : answer.pointers) {
        records.push_back(record(kPtr, labels_of(name), owner));
      }
      return records;
    }
    for (const std::string& text : type == kAaaa ? answer.v6 : answer.v4) {
      const IpAddress one = *parse_ip_address(text);
      records.push_back(
          record(type, std::string(reinterpret_cast<const char*>(one.bytes.data()), one.size())));
    }
    return records;
  }

  void serve() {
    std::array<char, 512> query{};
    SocketAddress client;
    socklen_t size = SocketAddress::capacity();
    const ssize_t got = ::recvfrom(fd_.get(), query.data(), query.size(), 0, client.data(), &size);
    ASSERT_GT(got, 16);
    ++queries;
    // The question: a name that ends in a zero byte, type, class.
    const std::string question(query.data() + 12, ::strnlen(query.data() + 12, 256) + 5);
    const int type = static_cast<unsigned char>(question.at(question.size() - 3));
    const bool is_v6 = type == kAaaa;
    const std::string name = name_of(question);
    if (!is_v6) names.push_back(name);
    if (answer.silent || (is_v6 && answer.silent_v6)) return;
    const bool is_known = answer.only_name.empty() || answer.only_name == name;
    const int rcode = !is_known ? kNxDomain
                      : is_v6   ? answer.rcode_v6.value_or(answer.rcode)
                                : answer.rcode;
    const auto records = is_known ? records_for(type) : std::vector<std::string>{};
    std::string out(query.data(), 2);
    put(out, 0x8180U | static_cast<std::uint32_t>(rcode), 2);
    put(out, 1, 2);
    put(out, static_cast<std::uint32_t>(records.size()), 2);
    put(out, 0, 4);
    out += question;
    for (const std::string& record : records) out += record;
    ::sendto(fd_.get(), out.data(), out.size(), 0, client.data(), client.size());
  }
  FileDescriptor fd_;
  Loop::Watch watch_;
};

}  // namespace lw::io
