// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace lw::io {

/// Room for up to `kCount` messages of `kBytes` bytes that one recvmmsg(2) fetches, each with its
/// sender and its ancillary data. A longer message is cut. What it holds is good until the next
/// receive().
template <std::size_t kCount, std::size_t kBytes>
class MessageBatch {
 public:
  /// How many messages came; 0 if there are none. Does not block.
  std::size_t receive(int fd, int flags) {
    for (std::size_t i = 0; i < used_; ++i) {
      Slot& slot = slots_[i];
      slot.from = {};
      slot.vector = {slot.data.data(), slot.data.size()};
      msghdr& header = messages_[i].msg_hdr;
      header = {};
      header.msg_name = &slot.from;
      header.msg_namelen = sizeof slot.from;
      header.msg_iov = &slot.vector;
      header.msg_iovlen = 1;
      header.msg_control = slot.control.data();
      header.msg_controllen = slot.control.size();
    }
    const int count = ::recvmmsg(fd, messages_.data(), kCount, flags | MSG_DONTWAIT, nullptr);
    used_ = count > 0 ? static_cast<std::size_t>(count) : 0;
    return used_;
  }

  [[nodiscard]] const msghdr& header(std::size_t i) const { return messages_[i].msg_hdr; }
  [[nodiscard]] std::span<const std::uint8_t> bytes(std::size_t i) const {
    return std::span(slots_[i].data).first(messages_[i].msg_len);
  }
  [[nodiscard]] const sockaddr* from(std::size_t i) const {
    return reinterpret_cast<const sockaddr*>(&slots_[i].from);
  }

 private:
  static constexpr std::size_t kControlBytes = 256;

  struct Slot {
    alignas(cmsghdr) std::array<std::uint8_t, kControlBytes> control;
    std::array<std::uint8_t, kBytes> data;
    sockaddr_storage from;
    iovec vector;
  };
  std::vector<Slot> slots_ = std::vector<Slot>(kCount);
  std::array<mmsghdr, kCount> messages_{};
  std::size_t used_ = kCount;  ///< So many the kernel has written to since they were prepared.
};

}  // namespace lw::io
