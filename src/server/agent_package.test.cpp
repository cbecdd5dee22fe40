// SPDX-License-Identifier: Apache-2.0
#include "server/agent_package.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/text.h"
#include "io/http_client.h"
#include "io/pki.h"

namespace lw::server {
namespace {

const std::string kAuthority = "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n";

class AgentPackageTest : public testing::Test {
 protected:
  AgentPackageTest() {
    char name[] = "/tmp/lw-package-XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  ~AgentPackageTest() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << text;
  }
  void make_package(const std::string& archive) const {
    write("install.sh", "url='@URL@' agents='@AGENT_SERVER@' sum='@SHA256@'\n@CA_PEM@\n");
    write(AgentPackage::archive_name(), archive);
    write(AgentPackage::archive_name() + ".sha256",
          hex_of(io::sha256(archive)) + "  " + AgentPackage::archive_name() + "\n");
  }

  std::string folder_;
};

TEST_F(AgentPackageTest, the_script_names_the_server_as_the_host_asked_for_it) {
  make_package("archive");
  AgentPackage package(folder_, kAuthority);
  package.set_agent_port(9444);
  const auto script = package.install_script("[2001:db8::1]:8443");
  ASSERT_TRUE(script) << script.error().message;
  EXPECT_EQ(*script, "url='https://[2001:db8::1]:8443' agents='[2001:db8::1]:9444' sum='" +
                         hex_of(io::sha256("archive")) + "'\n" +
                         kAuthority.substr(0, kAuthority.size() - 1) + "\n");
  const auto other = package.install_script("linewatch.example");
  ASSERT_TRUE(other);
  EXPECT_NE(other->find("agents='linewatch.example:9444'"), std::string::npos) << *other;
}

TEST_F(AgentPackageTest, nothing_but_a_host_gets_into_the_script) {
  make_package("archive");
  const AgentPackage package(folder_, kAuthority);
  for (const std::string bad : {"", "a'; rm -rf /; '", "a b", "a\nb", "$(id)", "a/../b", "a@b"}) {
    const auto script = package.install_script(bad);
    ASSERT_FALSE(script) << bad;
    EXPECT_EQ(script.error().code, ErrorCode::InvalidInput);
    EXPECT_FALSE(package.install_command(bad, "token"));
  }
}

TEST_F(AgentPackageTest, without_a_package_it_says_how_to_get_one) {
  const AgentPackage package(folder_, kAuthority);
  const auto script = package.install_script("host");
  ASSERT_FALSE(script);
  EXPECT_EQ(script.error().code, ErrorCode::NotFound);
  EXPECT_NE(script.error().message.find("./dev release"), std::string::npos);
  EXPECT_FALSE(package.install_command("host", "token"));
}

TEST_F(AgentPackageTest, the_command_believes_the_server_by_its_authority_only) {
  make_package("archive");
  const AgentPackage package(folder_, kAuthority);
  const auto command = package.install_command("host:8443", "lw1-token");
  ASSERT_TRUE(command);
  const auto check = command->find(hex_of(io::sha256(kAuthority)));
  const auto script = command->find("https://host:8443/install.sh");
  ASSERT_NE(check, std::string::npos) << *command;
  ASSERT_NE(script, std::string::npos) << *command;
  EXPECT_LT(check, script);
  EXPECT_NE(command->find("--token lw1-token"), std::string::npos) << *command;
}

TEST_F(AgentPackageTest, the_archive_comes_whole) {
  std::string archive;
  for (int i = 0; i < 700'000; ++i) archive += static_cast<char>(i * 7);
  make_package(archive);
  AgentPackage package(folder_, kAuthority);
  const auto server =
      io::HttpServer::start({}, [&](const io::HttpRequest&, const io::HttpResponder& responder) {
        package.send_archive(responder);
      }).value();
  io::HttpClient client;
  io::HttpClientRequest request;
  request.url = "http://127.0.0.1:" + std::to_string(server->port()) + "/";
  const auto answer = client.request(request);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_TRUE(answer->body == archive);
  std::filesystem::remove(folder_ + "/" + AgentPackage::archive_name());
  const auto gone = client.request(request);
  ASSERT_TRUE(gone);
  EXPECT_EQ(gone->status, 404);
}

}  // namespace
}  // namespace lw::server
