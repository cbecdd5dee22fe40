// SPDX-License-Identifier: Apache-2.0
#include "io/revocation.h"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>

#include <algorithm>

#include "io/openssl_pointers.h"
#include "io/test_http.h"

namespace lw::io {
namespace {

/// A CA with an index of what it revoked, as `openssl ocsp` and `openssl ca` read it. Serial 01 is
/// good, 02 revoked, any other unknown to it. What it has to say is served by `web`.
class Revocation : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    certificates = std::make_unique<TestCertificates>();
    const TestCertificates& all = *certificates;
    all.make_root("other");
    all.write("index",
              "V\t990101000000Z\t\t01\tunknown\t/CN=web.example\n"
              "R\t990101000000Z\t260101000000Z,keyCompromise\t02\tunknown\t/CN=web.example\n");
    all.write("index.attr", "");
    all.write("crl.conf", "[ca]\ndefault_ca=d\n[d]\ndatabase=index\ndefault_md=sha256\n");
    for (const char* ca : {"ca", "other"}) {
      const std::string signed_by = std::string(" -cert ") + ca + ".pem -keyfile " + ca + ".key";
      all.run("openssl ca -config crl.conf -gencrl -crldays 7 -out " + std::string(ca) + ".crl" +
              signed_by);
      all.run("openssl crl -outform DER -in " + std::string(ca) + ".crl -out " + ca + ".crl.der");
    }
    all.run(
        "openssl ca -config crl.conf -gencrl -crlexts none -crl_lastupdate 20200101000000Z "
        "-crl_nextupdate 20200201000000Z -out old.crl -cert ca.pem -keyfile ca.key || "
        "openssl ca -config crl.conf -gencrl -crl_lastupdate 20200101000000Z "
        "-crl_nextupdate 20200201000000Z -out old.crl -cert ca.pem -keyfile ca.key");
    all.sign({.name = "good", .serial = "01"});
    all.sign({.name = "revoked", .serial = "02"});
    all.sign({.name = "unknown", .serial = "03"});
    all.sign({.name = "signer", .serial = "04", .extensions = "extendedKeyUsage=OCSPSigning"});
    all.sign({.name = "no_signer", .serial = "05"});
  }
  static void TearDownTestSuite() { certificates.reset(); }

  /// An OCSP response made by openssl, DER.
  static std::string respond(const std::string& about, const std::string& signer = "ca",
                             const std::string& options = "-ndays 1") {
    certificates->run("openssl ocsp " + options + " -index index -CA ca.pem -rsigner " + signer +
                      ".pem -rkey " + signer + ".key -issuer ca.pem -cert " + about +
                      ".pem -respout response");
    return certificates->read("response");
  }

  static std::shared_ptr<X509> load(const std::string& name) {
    const std::string pem = certificates->read(name + ".pem");
    const BioPointer memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    return {PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr), X509_free};
  }

  /// A certificate, its issuer, and a store that trusts that.
  struct Chain {
    explicit Chain(const std::string& name)
        : chain{load(name), load("ca")}, roots(load_trusted_roots(certificates->read("ca.pem"))) {}
    [[nodiscard]] ChainLink link() const {
      return {chain[0].get(), chain[1].get(), chain, roots.get()};
    }
    CertificateChain chain;
    std::shared_ptr<X509_STORE> roots;
  };

  static std::unique_ptr<TestCertificates> certificates;
};
std::unique_ptr<TestCertificates> Revocation::certificates;

const Timestamp kNow = SystemClock().wall_now();

TEST_F(Revocation, is_what_a_signed_ocsp_response_says) {
  const Chain good("good");
  for (const char* signer : {"ca", "signer"}) {
    const RevocationAnswer answer = judge_ocsp(respond("good", signer), good.link(), kNow);
    EXPECT_EQ(answer.status, RevocationStatus::Good) << signer << ": " << answer.evidence;
    EXPECT_GT(answer.until, kNow + std::chrono::hours(23));
    EXPECT_LE(answer.until, kNow + std::chrono::hours(24));
  }
  const Chain revoked("revoked");
  const RevocationAnswer bad = judge_ocsp(respond("revoked"), revoked.link(), kNow);
  EXPECT_EQ(bad.status, RevocationStatus::Revoked);
  EXPECT_EQ(bad.evidence,
            "certificate revoked 2026-01-01T00:00:00.000000Z (CN=web.example: keyCompromise)");
  EXPECT_EQ(judge_ocsp(respond("good", "ca", "-ndays 1 -sha256"), good.link(), kNow).status,
            RevocationStatus::Good);
}

TEST_F(Revocation, is_unknown_if_the_response_proves_nothing) {
  const Chain good("good");
  struct Example {
    std::string response;
    const char* evidence;
  };
  const std::string forged = respond("good", "ca", "-ndays 1 -badsig");
  for (const Example& example :
       {Example{"", "the answer is no OCSP response"},
        Example{"<html>", "the answer is no OCSP response"},
        Example{std::string("\x30\x03\x0a\x01\x06", 5), "the OCSP responder says \"unauthorized\""},
        Example{respond("revoked"), "the OCSP response is about another certificate"},
        Example{respond("good", "no_signer"),
                "the OCSP response is not signed by the issuer or for it"},
        Example{respond("good", "other"),
                "the OCSP response is not signed by the issuer or for it"},
        Example{forged, "the OCSP response is not signed by the issuer or for it"}}) {
    const RevocationAnswer answer = judge_ocsp(example.response, good.link(), kNow);
    EXPECT_EQ(answer.status, RevocationStatus::Unknown);
    EXPECT_EQ(answer.evidence, example.evidence);
  }
  EXPECT_EQ(judge_ocsp(respond("unknown"), Chain("unknown").link(), kNow).evidence,
            "the OCSP responder does not know this certificate");
}

TEST_F(Revocation, is_unknown_before_and_after_the_response_holds) {
  const Chain good("good");
  const std::string response = respond("good");
  const auto evidence_at = [&](Timestamp now) {
    return judge_ocsp(response, good.link(), now).evidence;
  };
  EXPECT_EQ(evidence_at(kNow + std::chrono::hours(23)), "");
  EXPECT_NE(evidence_at(kNow + std::chrono::hours(25)).find("out of date since"),
            std::string::npos);
  EXPECT_NE(evidence_at(kNow - std::chrono::hours(1)).find("from the future"), std::string::npos);
  const std::string endless = respond("good", "ca", "");
  EXPECT_EQ(judge_ocsp(endless, good.link(), kNow).until, kNow + Seconds(300));
}

TEST_F(Revocation, is_what_a_signed_list_says) {
  const Chain good("good");
  const Chain revoked("revoked");
  for (const char* form : {"ca.crl", "ca.crl.der"}) {
    const std::string list = certificates->read(form);
    const RevocationAnswer fine = judge_crl(list, good.link(), kNow);
    EXPECT_EQ(fine.status, RevocationStatus::Good) << form << fine.evidence;
    EXPECT_EQ(fine.until, kNow + std::chrono::hours(24));
    const RevocationAnswer bad = judge_crl(list, revoked.link(), kNow);
    EXPECT_EQ(bad.status, RevocationStatus::Revoked) << form << bad.evidence;
    EXPECT_EQ(bad.evidence,
              "certificate revoked 2026-01-01T00:00:00.000000Z (CN=web.example: keyCompromise)");
  }
}

TEST_F(Revocation, is_unknown_if_the_list_proves_nothing) {
  const Chain good("good");
  std::string forged = certificates->read("ca.crl.der");
  forged.back() = static_cast<char>(forged.back() ^ 1);
  struct Example {
    std::string list;
    const char* evidence;
  };
  for (const Example& example :
       {Example{"", "the answer is no CRL"}, Example{"<html>", "the answer is no CRL"},
        Example{certificates->read("other.crl"),
                "the CRL does not serve: unable to get certificate CRL"},
        Example{certificates->read("old.crl"),
                "the CRL is not valid: it is out of date since 2020-02-01T00:00:00.000000Z"},
        Example{forged, "the CRL does not serve: CRL signature failure"}}) {
    const RevocationAnswer answer = judge_crl(example.list, good.link(), kNow);
    EXPECT_EQ(answer.status, RevocationStatus::Unknown);
    EXPECT_EQ(answer.evidence, example.evidence);
  }
}

/// The same through an engine, with a server that is checked and others that are asked.
class RevocationExchange : public Revocation {
 protected:
  /// A certificate that names where to ask; serial 01 is good, 02 revoked, 03 unknown.
  void sign(const std::string& name, const std::string& serial, const std::string& ocsp,
            const std::string& crl, const std::string& ca = "ca", bool is_ca = false) const {
    std::string lines;
    if (!ocsp.empty()) lines += "authorityInfoAccess=OCSP;URI:" + ocsp + "\n";
    if (!crl.empty()) lines += "crlDistributionPoints=URI:" + crl + "\n";
    certificates->sign({.name = name,
                        .ca = ca,
                        .host = is_ca ? "Lab-" + name : "web.example",
                        .serial = serial,
                        .extensions = lines,
                        .is_ca = is_ca});
  }
  static HttpExchangeRequest request(const OpensslServer& server, RevocationCheck policy) {
    HttpExchangeRequest request = request_to(server.port, true);
    request.revocation = policy;
    return request;
  }
  HttpReport visit(const OpensslServer& server, RevocationCheck policy) {
    return engine_.run(request(server, policy));
  }
  std::ptrdiff_t times_asked(const std::string& line) {
    const auto requests = web_.requests();
    return std::ranges::count_if(requests,
                                 [&](const std::string& one) { return one.starts_with(line); });
  }

  PathServer web_;
  Exchanger engine_{certificates->read("ca.pem")};
};

TEST_F(RevocationExchange, asks_the_responder_once_and_remembers) {
  sign("leaf", "01", web_.url("/ocsp"), "");
  web_.set_body("/ocsp", respond("leaf"));
  const OpensslServer server(*certificates, "leaf");
  for (int i = 0; i < 3; ++i) {
    const HttpReport report = visit(server, RevocationCheck::Strict);
    EXPECT_EQ(report.status, HttpExchangeStatus::Answered) << report.evidence;
    ASSERT_TRUE(report.tls);
    EXPECT_EQ(report.tls->note, "");
    EXPECT_TRUE(report.tls->is_verified);
  }
  EXPECT_EQ(times_asked("POST /ocsp "), 1);
}

TEST_F(RevocationExchange, sends_no_request_to_a_server_whose_certificate_is_revoked) {
  sign("leaf", "02", web_.url("/ocsp"), "");
  web_.set_body("/ocsp", respond("leaf"));
  const OpensslServer server(*certificates, "leaf");
  EXPECT_EQ(visit(server, RevocationCheck::Off).http_status, 200);
  for (const RevocationCheck policy : {RevocationCheck::Soft, RevocationCheck::Strict}) {
    const HttpReport report = visit(server, policy);
    EXPECT_EQ(report.status, HttpExchangeStatus::TlsFailed);
    EXPECT_EQ(report.http_status, 0);
    ASSERT_TRUE(report.tls);
    EXPECT_EQ(report.tls->problem, TlsProblem::Revoked);
    EXPECT_EQ(report.tls->evidence,
              "certificate revoked 2026-01-01T00:00:00.000000Z (CN=web.example: keyCompromise), "
              "says " +
                  web_.url("/ocsp"));
    EXPECT_FALSE(report.tls->is_verified);
    EXPECT_EQ(report.tls->subject, "CN=web.example");
  }
}

TEST_F(RevocationExchange, understands_a_responder_of_openssl) {
  ServerProcess responder({"openssl", "ocsp", "-port", "0", "-index", certificates->path("index"),
                           "-CA", certificates->path("ca.pem"), "-rsigner",
                           certificates->path("ca.pem"), "-rkey", certificates->path("ca.key"),
                           "-ndays", "1"});
  const std::string url = "http://127.0.0.1:" + std::to_string(responder.accepted_port()) + "/";
  sign("leaf", "02", url, "");
  const OpensslServer revoked(*certificates, "leaf");
  const HttpReport report = visit(revoked, RevocationCheck::Strict);
  ASSERT_TRUE(report.tls);
  EXPECT_EQ(report.tls->problem, TlsProblem::Revoked) << report.tls->evidence;
  sign("leaf2", "01", url, "");
  const OpensslServer good(*certificates, "leaf2");
  EXPECT_EQ(visit(good, RevocationCheck::Strict).http_status, 200);
}

TEST_F(RevocationExchange, takes_a_stapled_response_and_asks_nobody) {
  sign("leaf", "01", web_.url("/ocsp"), "");
  sign("bad", "02", web_.url("/ocsp"), "");
  for (const char* version : {"-tls1_2", "-tls1_3"}) {
    respond("leaf");
    certificates->run("cp response leaf.response");
    const OpensslServer good(*certificates, "leaf",
                             {"-status_file", certificates->path("leaf.response"), version});
    EXPECT_EQ(visit(good, RevocationCheck::Strict).http_status, 200) << version;
    respond("bad");
    certificates->run("cp response bad.response");
    const OpensslServer bad(*certificates, "bad",
                            {"-status_file", certificates->path("bad.response"), version});
    const HttpReport report = visit(bad, RevocationCheck::Soft);
    ASSERT_TRUE(report.tls);
    EXPECT_EQ(report.tls->problem, TlsProblem::Revoked) << version;
    EXPECT_TRUE(report.tls->evidence.ends_with("says the OCSP response that it sent"))
        << report.tls->evidence;
  }
  EXPECT_TRUE(web_.requests().empty());
}

TEST_F(RevocationExchange, falls_back_from_the_stapled_response_to_the_responder_to_the_list) {
  sign("leaf", "02", web_.url("/ocsp"), web_.url("/crl"));
  web_.set("/ocsp", "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  web_.set_redirect("/crl", "/moved");
  web_.set_body("/moved", certificates->read("ca.crl.der"));
  respond("leaf", "no_signer");
  certificates->run("cp response wrong.response");
  const OpensslServer server(*certificates, "leaf",
                             {"-status_file", certificates->path("wrong.response")});
  const HttpReport report = visit(server, RevocationCheck::Soft);
  ASSERT_TRUE(report.tls);
  EXPECT_EQ(report.tls->problem, TlsProblem::Revoked);
  EXPECT_TRUE(report.tls->evidence.ends_with("says " + web_.url("/crl"))) << report.tls->evidence;
  EXPECT_EQ(times_asked("POST /ocsp "), 1);
  EXPECT_EQ(times_asked("GET /moved "), 1);
}

TEST_F(RevocationExchange, one_list_serves_all_certificates_of_its_issuer) {
  sign("leaf", "01", "", web_.url("/crl"));
  sign("leaf2", "03", "", web_.url("/crl"));
  web_.set_body("/crl", certificates->read("ca.crl"));
  const OpensslServer first(*certificates, "leaf");
  const OpensslServer second(*certificates, "leaf2");
  EXPECT_EQ(visit(first, RevocationCheck::Strict).http_status, 200);
  EXPECT_EQ(visit(second, RevocationCheck::Strict).http_status, 200);
  EXPECT_EQ(times_asked("GET /crl "), 1);
}

TEST_F(RevocationExchange, reads_a_large_list_beside_the_loop) {
  std::string index;
  for (int serial = 0x100000; serial < 0x100000 + 5'000; ++serial) {
    index += fmt::format("R\t990101000000Z\t260101000000Z\t{:X}\tunknown\t/CN=x\n", serial);
  }
  certificates->write("large", index);
  certificates->write("large.attr", "");
  certificates->write("large.conf", "[ca]\ndefault_ca=d\n[d]\ndatabase=large\ndefault_md=sha256\n");
  certificates->run(
      "openssl ca -config large.conf -gencrl -crldays 7 -out large.crl -cert ca.pem "
      "-keyfile ca.key && openssl crl -outform DER -in large.crl -out large.der");
  web_.set_body("/crl", certificates->read("large.der"));
  ASSERT_GT(certificates->read("large.der").size(), std::size_t{64} << 10);
  sign("leaf", "01", "", web_.url("/crl"));
  const OpensslServer good(*certificates, "leaf");
  EXPECT_EQ(visit(good, RevocationCheck::Strict).http_status, 200);
}

TEST_F(RevocationExchange, that_is_not_checkable_is_noted_or_fails) {
  const std::string refused = "http://127.0.0.1:1/";
  sign("leaf", "01", refused, web_.url("/missing"));
  sign("silent", "01", "", "");
  const std::string why = "revocation not checkable: " + refused + ": RST from 127.0.0.1 port 1; " +
                          web_.url("/missing") + ": HTTP 404";
  const OpensslServer server(*certificates, "leaf");
  for (int i = 0; i < 2; ++i) {
    const HttpReport soft = visit(server, RevocationCheck::Soft);
    EXPECT_EQ(soft.http_status, 200) << soft.evidence;
    ASSERT_TRUE(soft.tls);
    EXPECT_EQ(soft.tls->note, why);
    EXPECT_EQ(soft.tls->problem, TlsProblem::None);
    const HttpReport strict = visit(server, RevocationCheck::Strict);
    EXPECT_EQ(strict.http_status, 0);
    ASSERT_TRUE(strict.tls);
    EXPECT_EQ(strict.tls->problem, TlsProblem::RevocationUnknown);
    EXPECT_EQ(strict.tls->evidence, why);
  }
  EXPECT_EQ(times_asked("GET /missing "), 1);  // Failures are remembered too.
  const OpensslServer silent(*certificates, "silent");
  EXPECT_EQ(visit(silent, RevocationCheck::Soft).tls->note,
            "revocation not checkable: the certificate names no OCSP responder and no CRL");
}

TEST_F(RevocationExchange, does_not_wait_for_a_silent_responder_longer_than_a_check_can) {
  const CannedServer silent("", false);
  sign("leaf", "01", "http://127.0.0.1:" + std::to_string(silent.port) + "/", "");
  const OpensslServer server(*certificates, "leaf");
  HttpExchangeRequest wish = request(server, RevocationCheck::Soft);
  wish.timeout = Seconds(4);
  const HttpReport report = engine_.run(wish);
  EXPECT_EQ(report.http_status, 200) << report.evidence;
  ASSERT_TRUE(report.tls);
  EXPECT_EQ(report.tls->note, "revocation not checkable: no answer has come yet");
}

TEST_F(RevocationExchange, covers_the_certificates_between_leaf_and_root) {
  sign("middle", "02", "", web_.url("/crl"), "ca", true);
  web_.set_body("/crl", certificates->read("ca.crl"));
  certificates->write("index2", "V\t990101000000Z\t\t01\tunknown\t/CN=web.example\n");
  sign("leaf", "01", web_.url("/ocsp"), "", "middle");
  certificates->run(
      "openssl ocsp -index index2 -CA middle.pem -rsigner middle.pem -rkey middle.key -issuer "
      "middle.pem -cert leaf.pem -respout response -ndays 1");
  web_.set_body("/ocsp", certificates->read("response"));
  const OpensslServer server(*certificates, "leaf",
                             {"-cert_chain", certificates->path("middle.pem")});
  const HttpReport report = visit(server, RevocationCheck::Soft);
  ASSERT_TRUE(report.tls);
  EXPECT_EQ(report.tls->problem, TlsProblem::Revoked) << report.tls->note;
  EXPECT_NE(report.tls->evidence.find("(CN=Lab-middle: keyCompromise)"), std::string::npos)
      << report.tls->evidence;
  EXPECT_EQ(report.tls->chain, (std::vector<std::string>{"CN=web.example", "CN=Lab-middle"}));
}

}  // namespace
}  // namespace lw::io
