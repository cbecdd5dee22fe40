// SPDX-License-Identifier: Apache-2.0
#include "link/control.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace lw::lab {
namespace {

// A settings line is far shorter; what is longer is cut and then refused by the parser.
constexpr std::size_t kRequestMax = 4096;

sockaddr* generic(sockaddr_un& address) { return reinterpret_cast<sockaddr*>(&address); }

}  // namespace

Result<Control> Control::open(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return fail(ErrorCode::InvalidInput,
                "control socket `" + path + "`: path must be 1 to 107 long");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.get() < 0) return fail_errno("control socket", errno);
  ::unlink(path.c_str());
  if (::bind(socket.get(), generic(address), sizeof address) != 0) {
    return fail_errno("bind " + path, errno);
  }
  return Control(std::move(socket), path);
}

Control::~Control() {
  if (socket_.get() >= 0) ::unlink(path_.c_str());
}

void Control::serve(const std::function<std::string(const std::string&)>& answer) {
  std::array<char, kRequestMax> buffer{};
  while (true) {
    sockaddr_un sender{};
    socklen_t length = sizeof sender;
    const ssize_t got =
        ::recvfrom(socket_.get(), buffer.data(), buffer.size(), 0, generic(sender), &length);
    if (got < 0) return;
    const std::string reply = answer(std::string(buffer.data(), static_cast<std::size_t>(got)));
    // A sender that has gone meanwhile, or gave no address, is no fault of the link.
    (void)::sendto(socket_.get(), reply.data(), reply.size(), MSG_DONTWAIT, generic(sender),
                   length);
  }
}

}  // namespace lw::lab
