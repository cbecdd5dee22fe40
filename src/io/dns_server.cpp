// SPDX-License-Identifier: Apache-2.0
#include "io/dns_server.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <unordered_map>
#include <utility>

#include "base/assert.h"
#include "base/log.h"
#include "io/pointer_record.h"

namespace lw::io {
namespace {

using Done = std::function<void(const DnsAnswer&)>;

/// What a question asks for.
enum class Wanted { V4, V6, Pointer };

constexpr int kAddressesMax = 64;

std::string with_port(const std::string& server) {
  if (const auto address = parse_ip_address(server)) return to_url_host(*address) + ":53";
  return server;
}

template <class Ttl, class Read>
void read_addresses(const Ttl* records, int count, Read read, DnsAnswer& answer) {
  for (int i = 0; i < count; ++i) {
    IpAddress address;
    read(records[i], address);
    answer.addresses.push_back(address);
    const Seconds ttl(std::max(0, records[i].ttl));
    answer.ttl = i == 0 ? ttl : std::min(answer.ttl, ttl);
  }
}

int parse_v4(const unsigned char* bytes, int size, DnsAnswer& answer) {
  ares_addrttl records[kAddressesMax];
  int count = kAddressesMax;
  const int status = ares_parse_a_reply(bytes, size, nullptr, records, &count);
  if (status != ARES_SUCCESS) return status;
  read_addresses(
      records, count,
      [](const ares_addrttl& record, IpAddress& address) {
        std::memcpy(address.bytes.data(), &record.ipaddr, 4);
      },
      answer);
  return status;
}

int parse_v6(const unsigned char* bytes, int size, DnsAnswer& answer) {
  ares_addr6ttl records[kAddressesMax];
  int count = kAddressesMax;
  const int status = ares_parse_aaaa_reply(bytes, size, nullptr, records, &count);
  if (status != ARES_SUCCESS) return status;
  read_addresses(
      records, count,
      [](const ares_addr6ttl& record, IpAddress& address) {
        address.is_v6 = true;
        std::memcpy(address.bytes.data(), &record.ip6addr, 16);
      },
      answer);
  return status;
}

int parse_pointer(const unsigned char* bytes, int size, DnsAnswer& answer) {
  auto record = parse_pointer_answer({bytes, static_cast<std::size_t>(size)});
  if (!record) return ARES_EBADRESP;
  answer.name = std::move(record->name);
  answer.ttl = record->ttl;
  return ARES_SUCCESS;
}

int parse(Wanted wanted, const unsigned char* bytes, int size, DnsAnswer& answer) {
  switch (wanted) {
    case Wanted::V4:
      return parse_v4(bytes, size, answer);
    case Wanted::V6:
      return parse_v6(bytes, size, answer);
    case Wanted::Pointer:
      return parse_pointer(bytes, size, answer);
  }
  return ARES_EBADRESP;
}

int record_type(Wanted wanted) {
  switch (wanted) {
    case Wanted::V4:
      return ns_t_a;
    case Wanted::V6:
      return ns_t_aaaa;
    case Wanted::Pointer:
      return ns_t_ptr;
  }
  return ns_t_a;
}

std::string_view record_name(Wanted wanted) {
  switch (wanted) {
    case Wanted::V4:
      return "A";
    case Wanted::V6:
      return "AAAA";
    case Wanted::Pointer:
      return "PTR";
  }
  return "A";
}

DnsStatus status_of(int ares_status) {
  switch (ares_status) {
    case ARES_SUCCESS:
      return DnsStatus::Found;
    case ARES_ENOTFOUND:
      return DnsStatus::NotFound;
    case ARES_ENODATA:
      return DnsStatus::NoAddress;
    case ARES_ETIMEOUT:
      return DnsStatus::TimedOut;
    case ARES_ECONNREFUSED:
      return DnsStatus::NobodyThere;
    default:
      return DnsStatus::Failed;
  }
}

std::string says_for(int ares_status, Wanted wanted) {
  switch (ares_status) {
    case ARES_SUCCESS:
      return {};
    case ARES_ENOTFOUND:
      return "NXDOMAIN from";
    case ARES_ENODATA:
      return fmt::format("no {} record from", record_name(wanted));
    case ARES_ESERVFAIL:
      return "SERVFAIL from";
    case ARES_EREFUSED:
      return "REFUSED from";
    case ARES_ENOTIMP:
      return "NOTIMP from";
    case ARES_EFORMERR:
      return "FORMERR from";
    case ARES_EBADRESP:
      return "malformed answer from";
    case ARES_ETIMEOUT:
      return "no answer from";
    case ARES_ECONNREFUSED:
      return "no name server at";
    default:
      return std::string(ares_strerror(ares_status)) + " from";
  }
}

}  // namespace

struct DnsServer::Impl {
  Impl(Loop& on, Options with)
      : loop(on), options(std::move(with)), name(with_port(options.address)) {}

  struct Sockets {
    Loop::Watch readable, writable;
  };
  struct Question {
    Impl* server = nullptr;
    Wanted wanted = Wanted::V4;
    Done done;
  };

  Loop& loop;
  Options options;
  std::string name;
  ares_channel channel = nullptr;
  bool is_closing = false;
  std::unordered_map<ares_socket_t, Sockets> sockets;
  Loop::Timer timer, delivery;
  std::vector<std::pair<Done, DnsAnswer>> finished;

  bool open();
  void ask(const std::string& question_name, Wanted wanted, Done done);
  void watch(ares_socket_t fd, bool read, bool write);
  void process(ares_socket_t read, ares_socket_t write);
  void arm();
  void on_time();
  void deliver();
  void on_answer(const Question& question, int status, const unsigned char* bytes, int size);
};

bool DnsServer::Impl::open() {
  static const int kReady = ares_library_init(ARES_LIB_INIT_ALL);
  LW_ASSERT(kReady == ARES_SUCCESS);
  char no_file[] = "/dev/null";  // We have read the system's file ourselves.
  ares_options setup{};
  // Error codes of servers are answers to us, not a reason to ask elsewhere.
  setup.flags = ARES_FLAG_NOCHECKRESP | ARES_FLAG_NOALIASES;
  // c-ares doubles the time with each try: a third, then two thirds.
  setup.timeout = static_cast<int>(std::max<std::int64_t>(1, options.timeout.count() / 3));
  setup.tries = 2;
  setup.ndots = 0;
  setup.domains = nullptr;
  setup.ndomains = 0;
  setup.resolvconf_path = no_file;
  setup.sock_state_cb_data = this;
  setup.sock_state_cb = [](void* self, ares_socket_t fd, int read, int write) {
    static_cast<Impl*>(self)->watch(fd, read != 0, write != 0);
  };
  const int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS |
                   ARES_OPT_DOMAINS | ARES_OPT_RESOLVCONF | ARES_OPT_SOCK_STATE_CB;
  if (ares_init_options(&channel, &setup, mask) != ARES_SUCCESS) return false;
  const int status = ares_set_servers_ports_csv(channel, name.c_str());
  if (status == ARES_SUCCESS) return true;
  ares_destroy(channel);
  channel = nullptr;
  return false;
}

void DnsServer::Impl::watch(ares_socket_t fd, bool read, bool write) {
  Sockets& pair = sockets[fd];
  pair = {};
  if (read) {
    pair.readable =
        loop.watch(fd, Loop::Interest::Read, [this, fd] { process(fd, ARES_SOCKET_BAD); });
  }
  if (write) {
    pair.writable =
        loop.watch(fd, Loop::Interest::Write, [this, fd] { process(ARES_SOCKET_BAD, fd); });
  }
  if (!read && !write) sockets.erase(fd);
}

void DnsServer::Impl::process(ares_socket_t read, ares_socket_t write) {
  ares_process_fd(channel, read, write);
  arm();
}

void DnsServer::Impl::arm() {
  timeval wait{};
  if (ares_timeout(channel, nullptr, &wait) == nullptr) {
    timer.cancel();
    return;
  }
  // A millisecond more, since c-ares does not act on a time that is not over in its own units.
  const auto delay = Seconds(wait.tv_sec) + Microseconds(wait.tv_usec) + Milliseconds(1);
  timer = loop.after(delay, [this] { on_time(); });
}

/// c-ares looks at what it may read before it looks at the time. After a stall of the loop the
/// answer may have come in time and wait to be seen.
void DnsServer::Impl::on_time() {
  std::vector<ares_socket_t> readable;
  readable.reserve(sockets.size());
  for (const auto& [fd, watches] : sockets) readable.push_back(fd);
  if (readable.empty()) readable.push_back(ARES_SOCKET_BAD);
  for (const ares_socket_t fd : readable) ares_process_fd(channel, fd, ARES_SOCKET_BAD);
  arm();
}

void DnsServer::Impl::on_answer(const Question& question, int status, const unsigned char* bytes,
                                int size) {
  if (is_closing) return;
  DnsAnswer answer;
  if (status == ARES_SUCCESS) status = parse(question.wanted, bytes, size, answer);
  const bool is_empty = answer.addresses.empty() && answer.name.empty();
  if (status == ARES_SUCCESS && is_empty) status = ARES_ENODATA;
  answer.status = status_of(status);
  answer.says = says_for(status, question.wanted);
  if (finished.empty()) delivery = loop.after(std::chrono::nanoseconds(0), [this] { deliver(); });
  finished.emplace_back(question.done, std::move(answer));
}

void DnsServer::Impl::deliver() {
  // The callback may destroy this object, so everything is taken out first.
  const auto ready = std::exchange(finished, {});
  for (const auto& [done, answer] : ready) done(answer);
}

DnsServer::DnsServer(Loop& loop, Options options)
    : impl_(std::make_unique<Impl>(loop, std::move(options))) {
  if (!impl_->open()) {
    log::warning("resolver", fmt::format("`{}` is no name server address", impl_->options.address));
  }
}

DnsServer::~DnsServer() {
  impl_->is_closing = true;
  if (impl_->channel != nullptr) ares_destroy(impl_->channel);
}

const std::string& DnsServer::name() const { return impl_->name; }
Milliseconds DnsServer::timeout() const { return impl_->options.timeout; }

void DnsServer::Impl::ask(const std::string& question_name, Wanted wanted, Done done) {
  auto question = std::make_unique<Question>(Question{this, wanted, std::move(done)});
  if (channel == nullptr) {
    on_answer(*question, ARES_EBADSTR, nullptr, 0);
    return;
  }
  ares_query(
      channel, question_name.c_str(), ns_c_in, record_type(wanted),
      [](void* raw, int status, int, unsigned char* bytes, int size) {
        const std::unique_ptr<Question> owned(static_cast<Question*>(raw));
        owned->server->on_answer(*owned, status, bytes, size);
      },
      question.release());
  arm();
}

void DnsServer::ask(const std::string& name, bool want_v6, Done done) {
  impl_->ask(name, want_v6 ? Wanted::V6 : Wanted::V4, std::move(done));
}

void DnsServer::ask_pointer(const IpAddress& address, Done done) {
  impl_->ask(pointer_name_of(address), Wanted::Pointer, std::move(done));
}

}  // namespace lw::io
