// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/assert.h"
#include "base/ip_address.h"
#include "io/control_messages.h"
#include "io/socket_address.h"

namespace lw::io {

/// Up to kMost messages that one sendmmsg(2) sends, each with its receiver, its ancillary data and
/// a key by which its sender knows it.
class SendBatch {
 public:
  static constexpr std::size_t kMost = 64;

  /// Copies the message. There must be room. What is returned is to be filled in, and good until
  /// the next call.
  ControlMessages& add(const IpAddress& to, std::span<const std::uint8_t> message,
                       std::uint32_t key) {
    LW_ASSERT(size_ < kMost);
    Slot& slot = slots_[size_++];
    slot.to = SocketAddress(to, 0);
    slot.begin = bytes_.size();
    slot.length = message.size();
    slot.key = key;
    slot.control.clear();
    bytes_.insert(bytes_.end(), message.begin(), message.end());
    return slot.control;
  }

  /// How many of the messages from `first` on the kernel took; -1 with errno if not even the first.
  /// Does not block.
  int send(int fd, std::size_t first) {
    if (first == 0) prepare();
    return ::sendmmsg(fd, &messages_[first], static_cast<unsigned>(size_ - first), MSG_DONTWAIT);
  }
  void clear() {
    size_ = 0;
    bytes_.clear();
    if (bytes_.capacity() > kBytesKept) bytes_.shrink_to_fit();
  }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::uint32_t key(std::size_t i) const { return slots_[i].key; }

 private:
  static constexpr std::size_t kBytesKept = 1 << 18;

  struct Slot {
    SocketAddress to;
    ControlMessages control;
    std::size_t begin = 0, length = 0;  ///< in bytes_
    std::uint32_t key = 0;
    iovec vector{};
  };

  /// Late, since bytes_ moves as it grows.
  void prepare() {
    for (std::size_t i = 0; i < size_; ++i) {
      Slot& slot = slots_[i];
      slot.vector = {&bytes_[slot.begin], slot.length};
      msghdr& header = messages_[i].msg_hdr;
      header.msg_name = slot.to.data();
      header.msg_namelen = slot.to.size();
      header.msg_iov = &slot.vector;
      header.msg_iovlen = 1;
      slot.control.attach(header);
    }
  }

  std::vector<Slot> slots_ = std::vector<Slot>(kMost);
  std::array<mmsghdr, kMost> messages_{};
  std::vector<std::uint8_t> bytes_;
  std::size_t size_ = 0;
};

}  // namespace lw::io
