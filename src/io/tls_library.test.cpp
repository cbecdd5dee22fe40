// SPDX-License-Identifier: Apache-2.0
#include "io/tls_library.h"

#include <gtest/gtest.h>
#include <openssl/core_dispatch.h>
#include <openssl/ssl.h>

#include <string>
#include <utility>
#include <vector>

#include "io/openssl_pointers.h"
#include "io/test_http.h"

namespace lw::io {
namespace {

/// What a client of this context would say to a server first, but for what is random in it.
std::string offer_of(SSL_CTX* context) {
  const SslPointer ssl(SSL_new(context));
  SSL_set_connect_state(ssl.get());
  std::string hello;
  const auto keep = [](int is_sent, int, int type, const void* bytes, std::size_t size, SSL*,
                       void* into) {
    if (is_sent != 1 || type != SSL3_RT_HANDSHAKE) return;
    static_cast<std::string*>(into)->assign(static_cast<const char*>(bytes), size);
  };
  SSL_set_msg_callback(ssl.get(), keep);
  SSL_set_msg_callback_arg(ssl.get(), &hello);
  BIO* const nowhere = BIO_new(BIO_s_mem());
  SSL_set_bio(ssl.get(), nowhere, nowhere);
  SSL_do_handshake(ssl.get());
  // Random (32 bytes at 6) and session id (32 at 39), RFC 8446 §4.1.2; the key share is the last.
  if (hello.size() < 38 + 33 + 32) return {};
  return hello.substr(71, hello.size() - 71 - 32);
}

TEST(TlsLibrary, offers_servers_exactly_what_openssl_does) {
  const TlsLibrary library;
  EXPECT_TRUE(library.has_own_algorithms());
  const SslContextPointer plain(SSL_CTX_new_ex(nullptr, nullptr, TLS_client_method()));
  const std::string offer = offer_of(plain.get());
  EXPECT_GT(offer.size(), 100U);
  EXPECT_EQ(offer_of(library.context()), offer);
}

TEST(TlsLibrary, hands_out_its_context_inside_a_scope_only) {
  const TlsLibrary library;
  const auto made = [] { return SslContextPointer(SSL_CTX_new(TLS_client_method())); };
  EXPECT_NE(made().get(), library.context());
  {
    const TlsLibrary::Scope scope(library);
    EXPECT_EQ(made().get(), library.context());
    EXPECT_EQ(made().get(), library.context()) << "freed by the one before";
    const SslContextPointer server(SSL_CTX_new(TLS_server_method()));
    EXPECT_NE(server.get(), library.context());
  }
  EXPECT_NE(made().get(), library.context());
}

TEST(TlsLibrary, leaves_out_only_what_no_tls_client_needs) {
  EXPECT_TRUE(serves_tls_clients(OSSL_OP_CIPHER, "AES-256-GCM:id-aes256-GCM", ""));
  EXPECT_FALSE(serves_tls_clients(OSSL_OP_CIPHER, "AES-256-XTS", ""));
  EXPECT_TRUE(serves_tls_clients(OSSL_OP_DIGEST, "SHA3-256", ""));
  EXPECT_TRUE(serves_tls_clients(OSSL_OP_DECODER, "EC",
                                 "provider=default,input=der,structure=SubjectPublicKeyInfo"));
  EXPECT_FALSE(serves_tls_clients(OSSL_OP_DECODER, "EC",
                                  "provider=default,input=der,structure=PrivateKeyInfo"));
  EXPECT_FALSE(serves_tls_clients(OSSL_OP_ENCODER, "EC", "output=text"));
  EXPECT_TRUE(serves_tls_clients(OSSL_OP__HIGHEST + 1, "of a later OpenSSL", ""));
}

/// Servers, and exchanges with them that share what the engine knows.
class SharedTls : public testing::Test {
 protected:
  SharedTls() {
    certificates.sign({.name = "good"});
    certificates.sign({.name = "expired", .until = "20210101000000Z"});
  }

  static HttpExchangeRequest request(const OpensslServer& server,
                                     const std::string& host = "web.example") {
    HttpExchangeRequest to = request_to(server.port, true);
    to.host = host;
    return to;
  }
  static TlsProblem problem_of(const HttpReport& report) {
    EXPECT_TRUE(report.tls);
    return report.tls ? report.tls->problem : TlsProblem::Broken;
  }

  TestCertificates certificates;
};

TEST_F(SharedTls, a_known_chain_is_described_in_full_and_its_name_compared_each_time) {
  const OpensslServer server(certificates, "good");
  Exchanger exchanger(certificates.read("ca.pem"));
  const HttpReport first = exchanger.run(request(server));
  const HttpReport second = exchanger.run(request(server));
  for (const HttpReport& report : {first, second}) {
    ASSERT_EQ(problem_of(report), TlsProblem::None);
    EXPECT_TRUE(report.tls->is_verified);
    EXPECT_EQ(report.tls->subject, "CN=web.example");
    EXPECT_EQ(report.tls->chain, std::vector<std::string>{"CN=web.example"});
    EXPECT_EQ(report.tls->key, "EC 256");
    EXPECT_NE(report.tls->cipher, "");
  }
  const HttpReport other = exchanger.run(request(server, "elsewhere.example"));
  EXPECT_EQ(problem_of(other), TlsProblem::WrongName);
  EXPECT_FALSE(other.tls->is_verified);
  EXPECT_EQ(problem_of(exchanger.run(request(server))), TlsProblem::None);
}

TEST_F(SharedTls, one_connection_does_not_get_the_verdict_of_another) {
  const OpensslServer good(certificates, "good");
  const OpensslServer expired(certificates, "expired");
  Loop loop;
  Resolver resolver(loop, kTestClock, {});
  HttpEngine engine(loop, kTestClock, resolver, certificates.read("ca.pem"));
  std::vector<TlsProblem> of_good, of_expired;
  std::size_t left = 20;
  for (std::size_t i = 0; i < left; ++i) {
    auto& list = i % 2 == 0 ? of_good : of_expired;
    engine.start(request(i % 2 == 0 ? good : expired), [&](const HttpReport& report) {
      list.push_back(problem_of(report));
      if (--left == 0) loop.stop();
    });
  }
  loop.run_for(Seconds(20));
  EXPECT_EQ(of_good, std::vector<TlsProblem>(10, TlsProblem::None));
  EXPECT_EQ(of_expired, std::vector<TlsProblem>(10, TlsProblem::Expired));
}

/// Wall time that can be moved; all else is the machine's.
class SteppedClock final : public Clock {
 public:
  [[nodiscard]] Timestamp wall_now() const override { return kTestClock.wall_now() + ahead; }
  [[nodiscard]] Instant now() const override { return kTestClock.now(); }
  Seconds ahead{0};
};

TEST_F(SharedTls, a_known_chain_expires_in_time) {
  const OpensslServer server(certificates, "good");
  Loop loop;
  SteppedClock clock;
  Resolver resolver(loop, clock, {});
  HttpEngine engine(loop, clock, resolver, certificates.read("ca.pem"));
  const auto problem = [&] {
    TlsProblem found = TlsProblem::Broken;
    engine.start(request(server), [&](const HttpReport& report) {
      found = problem_of(report);
      loop.stop();
    });
    loop.run_for(Seconds(20));
    return found;
  };
  constexpr Seconds kYear{365 * 86'400};
  EXPECT_EQ(problem(), TlsProblem::None);
  clock.ahead = 11 * kYear;  // The root ends before the certificate.
  EXPECT_EQ(problem(), TlsProblem::Expired);
  clock.ahead = -30 * kYear;
  EXPECT_EQ(problem(), TlsProblem::NotYetValid);
  clock.ahead = Seconds(0);
  EXPECT_EQ(problem(), TlsProblem::None);
}

TEST_F(SharedTls, a_bad_chain_is_good_once_its_root_is_trusted) {
  const OpensslServer server(certificates, "good");
  Loop loop;
  Resolver resolver(loop, kTestClock, {});
  HttpEngine engine(loop, kTestClock, resolver, {});
  std::vector<TlsProblem> problems;
  for (int i = 0; i < 2; ++i) {
    engine.start(request(server), [&](const HttpReport& report) {
      problems.push_back(problem_of(report));
      loop.stop();
    });
    loop.run_for(Seconds(20));
    engine.trust(certificates.read("ca.pem"));
  }
  EXPECT_EQ(problems, (std::vector{TlsProblem::UnknownRoot, TlsProblem::None}));
}

}  // namespace
}  // namespace lw::io
