// What is sent: methods, headers, bodies; and over what: unix sockets, TLS.

#include "cli/get_support.hpp"
#include "support/certificates.hpp"

namespace hearth::test {
namespace {

// The request's head as the origin saw it.
std::string head_of(std::vector<std::string> arguments) {
    const ended r = get(std::move(arguments));
    EXPECT_EQ(r.status, 0) << r.err;
    return r.out;
}

bool has_line(const std::string& head, std::string_view line) {
    std::istringstream in(head);
    for (std::string l; std::getline(in, l);) {
        if (l.ends_with('\r')) l.pop_back();
        if (l == line) return true;
    }
    return false;
}

TEST(get_request, method_and_headers_are_those_given) {
    faulty_origin origin;
    const std::string url = origin.url() + "/headers";
    const std::string head = head_of({"-X", "OPTIONS", "-H", "X-One:  1 ", "-H", "X-Two:", "-H", "User-Agent: mine", url});
    EXPECT_TRUE(head.starts_with("OPTIONS /headers HTTP/1.1")) << head;
    EXPECT_TRUE(has_line(head, "X-One: 1")) << head;
    EXPECT_TRUE(has_line(head, "User-Agent: mine")) << head;
    EXPECT_EQ(head.find("hearth/"), std::string::npos) << head;
    EXPECT_NE(head.find("X-Two:"), std::string::npos) << head;
}

TEST(get_request, data_is_posted_as_it_is) {
    faulty_origin origin;
    const std::string echo = origin.url() + "/echo";
    const temporary_file file("from\na file\n");
    EXPECT_EQ(get({"-d", "a=1&b=2", echo}).out, "a=1&b=2");
    EXPECT_EQ(get({"-d", "@" + file.path(), echo}).out, "from\na file\n");
    EXPECT_EQ(get({"-d", "@-", echo, echo}, "twice\n").out, "twice\ntwice\n");
    const std::string head = head_of({"-d", "a=1", origin.url() + "/headers"});
    EXPECT_TRUE(head.starts_with("POST ")) << head;
    EXPECT_TRUE(has_line(head, "Content-Type: application/x-www-form-urlencoded")) << head;
    EXPECT_TRUE(has_line(head, "Content-Length: 3")) << head;
    EXPECT_TRUE(has_line(head_of({"-d", "{}", "-H", "content-type: application/json", origin.url() + "/headers"}),
                         "content-type: application/json"));
}

TEST(get_request, a_file_is_uploaded_by_put_and_named_where_the_url_ends_in_a_slash) {
    faulty_origin origin;
    const temporary_file file("content");
    EXPECT_EQ(get({"-T", file.path(), origin.url() + "/echo"}).out, "content");
    EXPECT_TRUE(head_of({"-T", file.path(), origin.url() + "/headers"}).starts_with("PUT /headers "));
    const ended named = get({"-v", "-T", file.path(), origin.url()});
    EXPECT_NE(named.err.find("> PUT /" + std::filesystem::path(file.path()).filename().string() + " HTTP"),
              std::string::npos)
        << named.err;
}

TEST(get_request, standard_input_is_uploaded_as_it_comes) {
    faulty_origin origin;
    const std::string large = alphabet(3'000'000);
    const ended r = get({"-T", "-", origin.url() + "/echo"}, large);
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_TRUE(r.out == large) << r.out.size() << " bytes";
    EXPECT_TRUE(has_line(head_of({"-T", "-", origin.url() + "/headers"}), "Transfer-Encoding: chunked"));
}

TEST(get_request, a_missing_file_is_told_in_one_line) {
    faulty_origin origin;
    for (const char* option : {"-T", "-d"}) {
        const ended r =
            get({option, option == std::string("-d") ? "@/no/such/file" : "/no/such/file", origin.url() + "/echo"});
        EXPECT_EQ(r.status, 1);
        EXPECT_TRUE(one_line_with(r.err, "/no/such/file"));
    }
    const ended input = get({"--input", "/no/such/file"});
    EXPECT_EQ(input.status, 1);
    EXPECT_TRUE(one_line_with(input.err, "/no/such/file"));
}

TEST(get_request, urls_come_from_a_file_too) {
    faulty_origin origin({.body = "home\n"});
    const temporary_file list("# a comment\n\n  " + origin.url() + "/bytes/2\r\n" + origin.url() + "/bytes/3");
    const ended r = get({"--input", list.path(), origin.url() + "/"});
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_EQ(r.out, "home\nababc");
    EXPECT_EQ(origin.report().connections, 1U);
}

TEST(get_request, urls_come_from_standard_input_and_are_fetched_as_they_come) {
    faulty_origin origin({.body = "home\n"});
    process p(get_command({"-P", "4", "--input", "-"}));
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(p.write(origin.url() + "/bytes/" + std::to_string(5 + i) + "\n"));
        ASSERT_TRUE(p.wait_for_out(std::string("e") + (i > 0 ? "f" : "") + (i > 1 ? "g" : "")));
    }
    ASSERT_TRUE(p.write("no url\n" + origin.url() + "/"));
    const ended r = p.wait();
    EXPECT_EQ(r.status, 1);
    EXPECT_EQ(r.out, "abcdeabcdefabcdefghome\n");
    EXPECT_TRUE(one_line_with(r.err, "hearth: "));
}

TEST(get_request, many_urls_share_few_connections) {
    faulty_origin origin({.body = "x"});
    std::string list;
    for (int i = 0; i < 500; ++i) list += origin.url() + "/\n";
    const ended r = get({"--parallel", "5", "--input", "-"}, list);
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_EQ(r.out, std::string(500, 'x'));
    EXPECT_LE(origin.report().connections, 5U);
}

TEST(get_request, a_line_that_is_too_long_ends_the_input) {
    faulty_origin origin;
    const ended r = get({"--input", "-"}, origin.url() + "/bytes/1\n" + std::string(200'000, 'u'));
    EXPECT_EQ(r.status, 1);
    EXPECT_EQ(r.out, "a");
    EXPECT_TRUE(one_line_with(r.err, "line over 64 KiB"));
}

TEST(get_request, over_a_unix_socket) {
    const temporary_folder folder;
    faulty_origin origin({.socket_path = folder / "s", .body = "from the socket"});
    const ended r = get({"--unix-socket", folder / "s", "http://localhost/"});
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_EQ(r.out, "from the socket");
}

TEST(get_request, over_tls_with_an_own_authority_or_none) {
    const auto& c = certificates();
    faulty_origin origin({.certificate = c.server.certificate, .key = c.server.key, .body = "private"});
    const temporary_file ca(c.authority.certificate());
    EXPECT_EQ(get({"--cacert", ca.path(), origin.url() + "/"}).out, "private");
    EXPECT_EQ(get({"--insecure", origin.url() + "/"}).out, "private");
    const ended refused = get({origin.url() + "/"});
    EXPECT_EQ(refused.status, 1);
    EXPECT_EQ(refused.out, "");
    EXPECT_TRUE(one_line_with(refused.err, "certificate"));
}

TEST(get_request, a_certificate_that_cannot_be_used_is_told) {
    const auto& c = certificates();
    faulty_origin origin({.certificate = c.expired.certificate, .key = c.expired.key});
    const temporary_file ca(c.authority.certificate());
    const ended expired = get({"--cacert", ca.path(), origin.url() + "/"});
    EXPECT_EQ(expired.status, 1);
    EXPECT_TRUE(one_line_with(expired.err, "expired"));
    for (const char* option : {"--cacert", "--cert"}) {
        const ended missing = get({option, "/no/such/file", origin.url() + "/"});
        EXPECT_NE(missing.status, 0);
        EXPECT_TRUE(one_line_with(missing.err, "/no/such/file"));
    }
}

}  // namespace
}  // namespace hearth::test
