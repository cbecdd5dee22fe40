// SPDX-License-Identifier: Apache-2.0
#include "io/pki.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "base/files.h"
#include "base/text.h"
#include "io/http_client.h"
#include "io/http_server.h"

namespace lw::io {
namespace {

using std::chrono::hours;

Timestamp now() { return SystemClock().wall_now(); }

const KeyAndCertificate& authority() {
  static const KeyAndCertificate kMade = create_certificate_authority("test CA", now()).value();
  return kMade;
}

ServerCertificateRequest loopback_request() {
  ServerCertificateRequest request;
  request.common_name = "linewatch";
  request.dns_names = {"localhost"};
  request.ip_addresses = {"127.0.0.1", "::1"};
  request.not_before = now() - hours(1);
  request.not_after = now() + hours(24);
  return request;
}

/// A folder for the openssl command that goes with the object.
class Folder {
 public:
  Folder() {
    char name[] = "/tmp/lw-pki-XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~Folder() {
    const auto names = list_directory(path_).value();
    for (const auto& name : names) ::unlink(file(name).c_str());
    ::rmdir(path_.c_str());
  }
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }
  std::string write(const std::string& name, const std::string& content) {
    EXPECT_TRUE(write_file_atomically(file(name), content, 0600));
    return file(name);
  }
  /// The command's output, for which {} is replaced by nothing: plain shell.
  static std::string run(const std::string& command) {
    FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
    std::string output;
    char buffer[4096];
    while (const std::size_t got = std::fread(buffer, 1, sizeof buffer, pipe)) {
      output.append(buffer, got);
    }
    const int status = ::pclose(pipe);
    return output + "exit " + std::to_string(WEXITSTATUS(status));
  }

 private:
  std::string path_;
};

TEST(Pki, CertificatesStandBeforeTheOpensslCommand) {
  Folder folder;
  const auto server = issue_server_certificate(authority(), loopback_request()).value();
  const auto request = create_signing_request("agent").value();
  const auto client = sign_client_certificate(authority(), request.request_pem, "agent-1",
                                              now() - hours(1), now() + hours(1))
                          .value();
  const std::string ca = folder.write("ca.pem", authority().certificate_pem);
  const std::string verify = "openssl verify -x509_strict -CAfile " + ca;
  const std::string server_file = folder.write("server.pem", server.certificate_pem);
  const std::string client_file = folder.write("client.pem", client);
  EXPECT_TRUE(Folder::run(verify + " -purpose sslserver -verify_ip 127.0.0.1 " + server_file)
                  .ends_with("OK\nexit 0"));
  EXPECT_TRUE(Folder::run(verify + " -purpose sslserver -verify_hostname localhost " + server_file)
                  .ends_with("OK\nexit 0"));
  EXPECT_TRUE(Folder::run(verify + " -purpose sslclient " + client_file).ends_with("OK\nexit 0"));
  EXPECT_FALSE(Folder::run(verify + " -purpose sslserver " + client_file).ends_with("OK\nexit 0"));
  EXPECT_FALSE(Folder::run(verify + " -purpose sslclient " + server_file).ends_with("OK\nexit 0"));
  EXPECT_TRUE(Folder::run(verify + " " + ca).ends_with("OK\nexit 0"));
}

TEST(Pki, CertificatesCarryTheExtensionsThatBrowsersAndGoAskFor) {
  Folder folder;
  const auto server = issue_server_certificate(authority(), loopback_request()).value();
  const std::string text =
      Folder::run("openssl x509 -noout -text -in " + folder.write("s.pem", server.certificate_pem));
  for (const char* wanted :
       {"Version: 3", "ecdsa-with-SHA256", "ASN1 OID: prime256v1", "CA:FALSE", "Digital Signature",
        "TLS Web Server Authentication", "DNS:localhost, IP Address:127.0.0.1",
        "X509v3 Subject Key Identifier", "X509v3 Authority Key Identifier"}) {
    EXPECT_NE(text.find(wanted), std::string::npos) << wanted << "\n" << text;
  }
}

TEST(Pki, AServerCertificateOfItsOwnCaIsAcceptedAndNoOther) {
  const auto other = create_certificate_authority("other CA", now()).value();
  const auto issued = issue_server_certificate(authority(), loopback_request()).value();
  HttpServerConfig config;
  config.certificate_chain_pem = issued.certificate_pem;
  config.private_key_pem = issued.private_key_pem;
  const auto server =
      HttpServer::start(config, [](const HttpRequest& request, const HttpResponder& responder) {
        responder.send({200, {}, request.body});
      }).value();
  HttpClient client;
  HttpClientRequest request;
  request.ca_pem = authority().certificate_pem;
  request.method = "POST";
  request.body.assign(1 << 20, 'x');
  for (const char* host : {"127.0.0.1", "localhost"}) {
    request.url = "https://" + std::string(host) + ":" + std::to_string(server->port()) + "/";
    const auto response = client.request(request);
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->body, request.body);
  }
  request.ca_pem = other.certificate_pem;
  const auto refused = HttpClient().request(request);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("not trusted"), std::string::npos)
      << refused.error().message;
}

TEST(Pki, TheSameClientDoesNotReuseAConnectionThatAnotherCaVouchedFor) {
  const auto other = create_certificate_authority("other CA", now()).value();
  const auto issued = issue_server_certificate(authority(), loopback_request()).value();
  HttpServerConfig config;
  config.certificate_chain_pem = issued.certificate_pem;
  config.private_key_pem = issued.private_key_pem;
  const auto server =
      HttpServer::start(config, [](const HttpRequest&, const HttpResponder& responder) {
        responder.send({});
      }).value();
  HttpClient client;
  HttpClientRequest request;
  request.url = "https://127.0.0.1:" + std::to_string(server->port()) + "/";
  request.ca_pem = authority().certificate_pem;
  ASSERT_TRUE(client.request(request));
  request.ca_pem = other.certificate_pem;
  EXPECT_FALSE(client.request(request));
}

/// The error that a client gets from a server with this certificate.
Error refusal_of(const ServerCertificateRequest& certificate) {
  const auto issued = issue_server_certificate(authority(), certificate).value();
  HttpServerConfig config;
  config.certificate_chain_pem = issued.certificate_pem;
  config.private_key_pem = issued.private_key_pem;
  const auto server =
      HttpServer::start(config, [](const HttpRequest&, const HttpResponder& responder) {
        responder.send({});
      }).value();
  HttpClient client;
  HttpClientRequest request;
  request.url = "https://127.0.0.1:" + std::to_string(server->port()) + "/";
  request.ca_pem = authority().certificate_pem;
  const auto response = client.request(request);
  EXPECT_FALSE(response);
  return response ? Error{} : response.error();
}

TEST(Pki, ClientsSayThatACertificateHasExpired) {
  auto certificate = loopback_request();
  certificate.not_before = now() - hours(48);
  certificate.not_after = now() - hours(24);
  const Error error = refusal_of(certificate);
  EXPECT_NE(error.message.find("has expired"), std::string::npos) << error.message;
  EXPECT_NE(error.message.find("127.0.0.1:"), std::string::npos) << error.message;
}

TEST(Pki, ClientsSayThatACertificateIsNotValidYet) {
  auto certificate = loopback_request();
  certificate.not_before = now() + hours(24);
  certificate.not_after = now() + hours(48);
  const Error error = refusal_of(certificate);
  EXPECT_NE(error.message.find("not valid yet"), std::string::npos) << error.message;
}

TEST(Pki, ClientsSayThatACertificateIsForAnotherName) {
  auto certificate = loopback_request();
  certificate.dns_names = {"elsewhere.example"};
  certificate.ip_addresses = {"127.0.0.2"};
  const Error error = refusal_of(certificate);
  EXPECT_NE(error.message.find("not for the name \"127.0.0.1\""), std::string::npos)
      << error.message;
}

TEST(Pki, ReadsBackWhatItIssued) {
  auto request = loopback_request();
  request.not_before = parse_iso8601("2024-02-29T00:00:00Z").value();
  request.not_after = parse_iso8601("2051-01-01T12:34:56Z").value();
  const auto issued = issue_server_certificate(authority(), request).value();
  const CertificateInfo info = read_certificate(issued.certificate_pem).value();
  EXPECT_EQ(info.subject_common_name, "linewatch");
  EXPECT_EQ(info.issuer_common_name, "test CA");
  EXPECT_EQ(info.dns_names, request.dns_names);
  EXPECT_EQ(info.ip_addresses, request.ip_addresses);
  EXPECT_EQ(info.not_before, request.not_before);
  EXPECT_EQ(info.not_after, request.not_after);
  EXPECT_EQ(info.serial_hex.size(), 32U);
  EXPECT_EQ(info.sha256_hex.size(), 64U);
}

TEST(Pki, SerialNumbersDiffer) {
  const auto first = issue_server_certificate(authority(), loopback_request()).value();
  const auto second = issue_server_certificate(authority(), loopback_request()).value();
  EXPECT_NE(read_certificate(first.certificate_pem)->serial_hex,
            read_certificate(second.certificate_pem)->serial_hex);
}

TEST(Pki, TheFingerprintIsTheOneThatOpensslShows) {
  Folder folder;
  const std::string shown = Folder::run("openssl x509 -noout -fingerprint -sha256 -in " +
                                        folder.write("ca.pem", authority().certificate_pem));
  std::string hex;
  for (const char c : shown.substr(shown.find('=') + 1, 95)) {
    if (c != ':') hex += c;
  }
  EXPECT_EQ(read_certificate(authority().certificate_pem)->sha256_hex, to_lower(hex));
}

TEST(Pki, AClientCertificateHasOurSubjectWhateverTheRequestAsksFor) {
  const auto request = create_signing_request("administrator").value();
  const auto certificate =
      sign_client_certificate(authority(), request.request_pem, "agent-7", now(), now() + hours(1))
          .value();
  EXPECT_EQ(read_certificate(certificate)->subject_common_name, "agent-7");
}

TEST(Pki, RefusesARequestThatWasChanged) {
  const auto request = create_signing_request("abcdefgh").value();
  const auto lines = split(request.request_pem, '\n');
  // One character in the middle of the Base64 text, which stays Base64.
  std::string changed = request.request_pem;
  const std::size_t at = changed.size() - 80;
  changed[at] = changed[at] == 'A' ? 'B' : 'A';
  const auto refused =
      sign_client_certificate(authority(), changed, "agent", now(), now() + hours(1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::InvalidInput);
}

TEST(Pki, RefusesWrongInputInWords) {
  auto request = loopback_request();
  request.ip_addresses = {"300.1.1.1"};
  EXPECT_FALSE(issue_server_certificate(authority(), request));
  request = loopback_request();
  request.dns_names = {"a b"};
  EXPECT_FALSE(issue_server_certificate(authority(), request));
  request = loopback_request();
  request.dns_names.clear();
  request.ip_addresses.clear();
  EXPECT_FALSE(issue_server_certificate(authority(), request));
  request = loopback_request();
  request.not_after = request.not_before;
  EXPECT_FALSE(issue_server_certificate(authority(), request));
  EXPECT_FALSE(create_certificate_authority("", now()));
  EXPECT_FALSE(create_certificate_authority(std::string(65, 'a'), now()));
  EXPECT_FALSE(read_certificate("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
  KeyAndCertificate mixed = authority();
  mixed.private_key_pem = create_signing_request("a")->private_key_pem;
  EXPECT_FALSE(issue_server_certificate(mixed, loopback_request()));
  const auto garbage =
      sign_client_certificate(authority(), "garbage", "agent", now(), now() + hours(1));
  ASSERT_FALSE(garbage);
  EXPECT_EQ(garbage.error().code, ErrorCode::InvalidInput);
}

TEST(Pki, FetchesTheChainOfAServerItDoesNotTrust) {
  const auto issued = issue_server_certificate(authority(), loopback_request()).value();
  HttpServerConfig config;
  config.certificate_chain_pem = issued.certificate_pem + authority().certificate_pem;
  config.private_key_pem = issued.private_key_pem;
  const auto server = HttpServer::start(config, [](const HttpRequest&, const HttpResponder&) {});
  ASSERT_TRUE(server) << server.error().message;
  const auto chain = fetch_certificate_chain("localhost", (*server)->port(), Seconds(10));
  ASSERT_TRUE(chain) << chain.error().message;
  EXPECT_EQ(*chain,
            (std::vector<std::string>{issued.certificate_pem, authority().certificate_pem}));
}

TEST(Pki, FetchingFromAPortWithoutTlsFailsWithWhoAndWhy) {
  const auto server = HttpServer::start({}, [](const HttpRequest&, const HttpResponder&) {});
  ASSERT_TRUE(server);
  const auto chain = fetch_certificate_chain("127.0.0.1", (*server)->port(), Seconds(10));
  ASSERT_FALSE(chain);
  EXPECT_TRUE(chain.error().message.starts_with("127.0.0.1:")) << chain.error().message;
}

TEST(Sha256, HasItsPublishedValue) {
  EXPECT_EQ(hex_of(sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(EqualSecrets, ComparesContent) {
  EXPECT_TRUE(equal_secrets("", ""));
  EXPECT_TRUE(equal_secrets("abc", "abc"));
  EXPECT_FALSE(equal_secrets("abc", "abd"));
  EXPECT_FALSE(equal_secrets("abc", "abcd"));
}

}  // namespace
}  // namespace lw::io
