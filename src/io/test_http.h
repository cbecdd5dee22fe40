// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/guarded.h"
#include "base/text.h"
#include "base/thread.h"
#include "io/http_exchange.h"
#include "io/socket_address.h"

/// For tests only: exchanges, and the servers and certificates that they meet, all on 127.0.0.1.
namespace lw::io {

inline const SystemClock kTestClock;

/// An engine on a loop of its own, so that what it remembers of one exchange is there for the next.
class Exchanger {
 public:
  explicit Exchanger(const std::string& extra_ca = {}, ResolverOptions options = {})
      : resolver_(loop_, kTestClock, std::move(options)),
        engine_(loop_, kTestClock, resolver_, extra_ca) {}

  HttpReport run(const HttpExchangeRequest& request) {
    std::vector<HttpReport> reports;
    engine_.start(request, [&](const HttpReport& report) {
      reports.push_back(report);
      loop_.stop();
    });
    EXPECT_TRUE(reports.empty()) << "called back from inside start()";
    loop_.run_for(Seconds(20));
    EXPECT_EQ(reports.size(), 1U);
    return reports.empty() ? HttpReport{} : reports.front();
  }

 private:
  Loop loop_;
  Resolver resolver_;
  HttpEngine engine_;
};

inline HttpReport run_exchange(const HttpExchangeRequest& request,
                               const std::string& extra_ca = {}) {
  return Exchanger(extra_ca).run(request);
}

inline HttpExchangeRequest request_to(std::uint16_t port, bool use_tls = false) {
  HttpExchangeRequest request;
  request.address = *parse_ip_address("127.0.0.1");
  request.port = port;
  request.use_tls = use_tls;
  request.host = "web.example";
  return request;
}

/// A socket that listens on a port of the system's choice.
inline FileDescriptor listen_on_loopback(std::uint16_t& port) {
  SocketAddress local(*parse_ip_address("127.0.0.1"), 0);
  FileDescriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::bind(listener.get(), local.data(), local.size()), 0);
  EXPECT_EQ(::listen(listener.get(), 64), 0);
  socklen_t size = SocketAddress::capacity();
  EXPECT_EQ(::getsockname(listener.get(), local.data(), &size), 0);
  port = port_of(local.data());
  return listener;
}

/// All that fits, until the peer takes no more.
inline void send_to_peer(int fd, std::string_view rest) {
  while (!rest.empty()) {
    const ssize_t sent = ::send(fd, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent <= 0) break;
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
}

/// Answers each connection with the same bytes, whatever comes, and remembers what came.
class CannedServer {
 public:
  explicit CannedServer(std::string answer, bool closes = true)
      : answer_(std::move(answer)), closes_(closes), listener_(listen_on_loopback(port)) {
    thread_ = Thread("canned-server", [this] { serve(); });
  }
  ~CannedServer() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }
  /// What the last client sent. After an exchange only.
  [[nodiscard]] std::string received() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
    return received_;
  }
  std::uint16_t port = 0;

 private:
  void serve() {
    for (;;) {
      FileDescriptor client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!client.is_open()) return;
      std::array<char, 8192> buffer{};
      const ssize_t got = ::read(client.get(), buffer.data(), buffer.size());
      received_.assign(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
      send_to_peer(client.get(), answer_);
      if (!closes_) open_.push_back(std::move(client));
    }
  }

  std::string answer_;
  bool closes_;
  std::string received_;
  FileDescriptor listener_;
  std::vector<FileDescriptor> open_;
  Thread thread_;
};

/// Answers by the path, and remembers every request.
class PathServer {
 public:
  PathServer() : listener_(listen_on_loopback(port)) {
    thread_ = Thread("path-server", [this] { serve(); });
  }
  ~PathServer() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }
  /// `answer`: status line, headers and body.
  void set(const std::string& path, std::string answer) {
    state_.with([&](State& state) { state.answers[path] = std::move(answer); });
  }
  void set_body(const std::string& path, const std::string& body) {
    set(path, "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) +
                  "\r\nConnection: close\r\n\r\n" + body);
  }
  void set_redirect(const std::string& path, const std::string& to, int status = 302) {
    set(path, "HTTP/1.1 " + std::to_string(status) + " Elsewhere\r\nLocation: " + to +
                  "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  }
  [[nodiscard]] std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port) + path;
  }
  /// Heads of all requests so far, in order.
  [[nodiscard]] std::vector<std::string> requests() {
    return state_.with([](State& state) { return state.requests; });
  }
  std::uint16_t port = 0;

 private:
  struct State {
    std::map<std::string, std::string> answers;
    std::vector<std::string> requests;
  };

  void serve() {
    for (;;) {
      FileDescriptor client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!client.is_open()) return;
      std::array<char, 8192> buffer{};
      const ssize_t got = ::read(client.get(), buffer.data(), buffer.size());
      const std::string request(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
      const auto begin = std::min(request.find(' '), request.size() - 1) + 1;
      const std::string path = request.substr(begin, request.find(' ', begin) - begin);
      const std::string answer = state_.with([&](State& state) {
        state.requests.push_back(request);
        const auto found = state.answers.find(path);
        return found == state.answers.end()
                   ? std::string("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                   : found->second;
      });
      send_to_peer(client.get(), answer);
    }
  }

  FileDescriptor listener_;
  Guarded<State> state_;
  Thread thread_;
};

/// A program that serves until the object goes. What it says on standard output can be read.
class ServerProcess {
 public:
  /// `listener` becomes the program's descriptor 3; -1: none.
  explicit ServerProcess(std::vector<std::string> words, int listener = -1,
                         std::vector<std::string> environment = {}) {
    const auto pointers = [](std::vector<std::string>& texts) {
      std::vector<char*> list;
      for (std::string& text : texts) list.push_back(text.data());
      list.push_back(nullptr);
      return list;
    };
    for (char** one = environ; *one != nullptr; ++one) environment.emplace_back(*one);
    const std::vector<char*> arguments = pointers(words);
    const std::vector<char*> variables = pointers(environment);
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (listener >= 0) posix_spawn_file_actions_adddup2(&actions, listener, 3);
    EXPECT_EQ(::posix_spawnp(&pid_, words[0].c_str(), &actions, nullptr, arguments.data(),
                             variables.data()),
              0)
        << words[0];
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    output_ = ::fdopen(ends[0], "r");
  }
  ~ServerProcess() {
    ::kill(pid_, SIGTERM);  // Not SIGKILL: some have children of their own to end.
    ::waitpid(pid_, nullptr, 0);
    std::fclose(output_);
  }
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  /// The port in a line "ACCEPT …:PORT …", once the program has written one.
  [[nodiscard]] std::uint16_t accepted_port() {
    std::array<char, 256> line{};
    while (std::fgets(line.data(), line.size(), output_) != nullptr) {
      unsigned port = 0;
      const std::string text(line.data());
      const auto colon = text.rfind(':');
      if (text.starts_with("ACCEPT") && colon != std::string::npos &&
          std::sscanf(text.c_str() + colon + 1, "%u", &port) == 1) {
        return static_cast<std::uint16_t>(port);
      }
    }
    ADD_FAILURE() << "the server did not start";
    return 0;
  }

 private:
  pid_t pid_ = 0;
  std::FILE* output_ = nullptr;
};

/// Certificates made by the openssl command, in a folder of their own. Each signed one has the
/// names given and 127.0.0.1.
class TestCertificates {
 public:
  struct Wish {
    std::string name;       ///< Of the files.
    std::string ca = "ca";  ///< Who signs.
    std::string host = "web.example";
    std::string from = "20200101000000Z";
    std::string until = "20990101000000Z";
    std::string serial = "01";    ///< In hex, two digits.
    std::string extensions = {};  ///< Lines of a configuration file.
    bool is_ca = false;
  };

  TestCertificates() {
    std::string name = std::filesystem::temp_directory_path() / "lw-tls-XXXXXX";
    folder = ::mkdtemp(name.data());
    make_root("ca");
  }
  ~TestCertificates() { std::filesystem::remove_all(folder); }
  TestCertificates(const TestCertificates&) = delete;
  TestCertificates& operator=(const TestCertificates&) = delete;

  void make_root(const std::string& ca) const {
    run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "
        "/CN=Lab-" +
        ca + " -keyout " + ca + ".key -out " + ca + ".pem");
  }

  void sign(const Wish& wish) const {
    const std::string san = wish.is_ca ? "basicConstraints=critical,CA:TRUE"
                                       : "subjectAltName=DNS:" + wish.host + ",IP:127.0.0.1";
    run("rm -rf db && mkdir db && touch db/index && echo " + wish.serial + " > db/serial");
    write("conf",
          "[ca]\ndefault_ca=d\n[d]\nnew_certs_dir=db\ndatabase=db/index\nserial=db/serial\n"
          "default_md=sha256\npolicy=p\nx509_extensions=e\n[p]\ncommonName=supplied\n[e]\n" +
              san + "\n" + wish.extensions + "\n");
    run("openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=" + wish.host +
        " -keyout " + wish.name + ".key -out " + wish.name + ".csr");
    run("openssl ca -batch -notext -config conf -cert " + wish.ca + ".pem -keyfile " + wish.ca +
        ".key -startdate " + wish.from + " -enddate " + wish.until + " -in " + wish.name +
        ".csr -out " + wish.name + ".pem");
  }

  void run(const std::string& command) const {
    const std::string line = "cd " + folder + " && (" + command + ") >log 2>&1";
    ASSERT_EQ(std::system(line.c_str()), 0) << command << read("log");
  }
  [[nodiscard]] std::string read(const std::string& file) const {
    return read_file(path(file)).value_or("");
  }
  void write(const std::string& file, const std::string& text) const {
    EXPECT_TRUE(write_file_atomically(path(file), text, 0600));
  }
  [[nodiscard]] std::string path(const std::string& file) const { return folder + "/" + file; }

  std::string folder;
};

/// `openssl s_server` with one of the certificates.
class OpensslServer {
 public:
  OpensslServer(const TestCertificates& certificates, const std::string& name,
                const std::vector<std::string>& options = {})
      : process_(words_of(certificates, name, options)), port(process_.accepted_port()) {}

 private:
  static std::vector<std::string> words_of(const TestCertificates& certificates,
                                           const std::string& name,
                                           const std::vector<std::string>& options) {
    std::vector<std::string> words = {"openssl",
                                      "s_server",
                                      "-www",
                                      "-accept",
                                      "127.0.0.1:0",
                                      "-cert",
                                      certificates.path(name + ".pem"),
                                      "-key",
                                      certificates.path(name + ".key")};
    words.insert(words.end(), options.begin(), options.end());
    return words;
  }

  ServerProcess process_;

 public:
  std::uint16_t port;
};

/// nginx on a port that the system picked; `server` is what stands in its server block.
class NginxServer {
 public:
  /// `listen_options`: "ssl http2".
  NginxServer(const TestCertificates& certificates, const std::string& listen_options,
              const std::string& server)
      : listener_(listen_on_loopback(port)) {
    const std::string own = certificates.folder + "/nginx" + std::to_string(port);
    std::filesystem::create_directories(own);
    const std::string text =
        "daemon off; worker_processes 1; pid " + own + "/pid; error_log " + own + "/error.log;\n" +
        "events { worker_connections 64; }\nhttp { access_log off; client_body_temp_path " + own +
        "; proxy_temp_path " + own + "; fastcgi_temp_path " + own + "; uwsgi_temp_path " + own +
        "; scgi_temp_path " + own + ";\nserver { listen 127.0.0.1:" + std::to_string(port) + " " +
        listen_options + ";\n" + server + "\n} }\n";
    EXPECT_TRUE(write_file_atomically(own + "/conf", text, 0600));
    // The listening socket is handed over as nginx does it itself for an upgrade: connections wait
    // in it until nginx is ready, and nobody else can take the port.
    process_.emplace(std::vector<std::string>{"/usr/sbin/nginx", "-p", own, "-c", own + "/conf",
                                              "-e", own + "/error.log"},
                     listener_.get(), std::vector<std::string>{"NGINX=3;"});
  }
  std::uint16_t port = 0;

 private:
  FileDescriptor listener_;
  std::optional<ServerProcess> process_;
};

}  // namespace lw::io
