// Where bodies go: standard output in the order given, files, JSON.

#include "cli/get_support.hpp"
#include "support/certificates.hpp"

#include <fcntl.h>

namespace hearth::test {
namespace {

TEST(get_output, a_body_goes_to_standard_output_and_nothing_else_is_said) {
    faulty_origin origin({.body = "all there is"});
    const ended r = get({origin.url() + "/"});
    EXPECT_EQ(r.status, 0);
    EXPECT_EQ(r.out, "all there is");
    EXPECT_EQ(r.err, "");
}

TEST(get_output, urls_share_a_connection) {
    faulty_origin origin({.body = "x"});
    const std::string url = origin.url() + "/";
    const ended r = get({url, url, url, url, url});
    EXPECT_EQ(r.status, 0);
    EXPECT_EQ(r.out, "xxxxx");
    EXPECT_EQ(origin.report().connections, 1U);
}

TEST(get_output, parallel_bodies_come_whole_and_in_the_order_given) {
    faulty_origin origin({.body = "end\n"});
    const std::string base = origin.url();
    const ended r = get({"--parallel", "4", base + "/slow/300", base + "/bytes/300000", base + "/chunked/400000",
                         base + "/bytes/3", base + "/", base + "/bytes/500000"});
    EXPECT_EQ(r.status, 0) << r.err;
    const std::string slow = get({base + "/slow/300"}).out;
    EXPECT_TRUE(r.out == slow + alphabet(300'000) + alphabet(400'000) + "abcend\n" + alphabet(500'000))
        << r.out.size() << " bytes";
}

TEST(get_output, one_socket_is_enough_for_many_parallel_bodies_in_order) {
    faulty_origin origin;
    std::vector<std::string> arguments{"--parallel", "8", "--max-sockets", "1"};
    std::string expected;
    for (int i = 0; i < 12; ++i) {
        arguments.push_back(origin.url() + "/bytes/" + std::to_string(100'000 + i));
        expected += alphabet(100'000 + static_cast<std::size_t>(i));
    }
    const ended r = get(arguments);
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_TRUE(r.out == expected) << r.out.size() << " bytes";
    EXPECT_EQ(origin.report().connections, 1U);
}

TEST(get_output, include_and_head_print_the_head) {
    faulty_origin origin({.body = "b"});
    const ended included = get({"-i", origin.url() + "/"});
    EXPECT_TRUE(included.out.starts_with("HTTP/1.1 200 OK\r\n")) << included.out;
    EXPECT_TRUE(included.out.ends_with("\r\n\r\nb")) << included.out;
    const ended head = get({"-I", origin.url() + "/bytes/1000"});
    EXPECT_EQ(head.status, 0) << head.err;
    EXPECT_NE(head.out.find("ontent-"), std::string::npos) << head.out;
    EXPECT_TRUE(head.out.ends_with("\r\n\r\n")) << head.out;
}

TEST(get_output, o_names_the_files_in_the_order_of_the_urls_and_the_rest_is_printed) {
    faulty_origin origin({.body = "home"});
    const temporary_folder folder;
    const ended r = get({"-o", folder / "one", "-o", folder / "two", origin.url() + "/bytes/5",
                         origin.url() + "/chunked/200000", origin.url() + "/"});
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_EQ(r.out, "home");
    EXPECT_EQ(content_of(folder / "one"), "abcde");
    EXPECT_TRUE(content_of(folder / "two") == alphabet(200'000));
}

TEST(get_output, output_dir_is_made_and_files_are_named_by_the_last_segment) {
    faulty_origin origin;
    const temporary_folder folder;
    const ended r = get({"--parallel", "3", "--output-dir", folder / "a/b", origin.url() + "/bytes/10?x=1/2",
                         origin.url() + "/bytes/11", origin.url() + "/chunked/12#f"});
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_EQ(r.out, "");
    for (const int n : {10, 11, 12})
        EXPECT_EQ(content_of(folder / ("a/b/" + std::to_string(n))).size(), static_cast<std::size_t>(n));
}

TEST(get_output, names_that_leave_the_folder_or_are_none_are_refused) {
    faulty_origin origin;
    const temporary_folder folder;
    for (const std::string bad : {"/", "/a/..", "/a/.", "/..", "/a\\b", "/bytes/5/"}) {
        const ended r = get({"--output-dir", folder.path(), origin.url() + bad});
        EXPECT_NE(r.status, 0) << bad;
        EXPECT_TRUE(one_line_with(r.err, "hearth")) << bad;
    }
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
    EXPECT_EQ(origin.report().requests, 0U);
}

TEST(get_output, two_urls_may_not_write_to_one_file) {
    faulty_origin origin;
    const temporary_folder folder;
    const ended r = get({"-P", "2", "--output-dir", folder.path(), origin.url() + "/bytes/7", origin.url() + "/chunked/7"});
    EXPECT_EQ(r.status, 1);
    EXPECT_TRUE(one_line_with(r.err, "\"7\" is the file of another URL"));
    EXPECT_EQ(content_of(folder / "7"), "abcdefg");
}

TEST(get_output, a_file_that_cannot_be_written_is_told_and_a_failed_request_leaves_an_old_file_alone) {
    faulty_origin origin;
    const temporary_folder folder;
    const ended unwritable = get({"-o", folder / "no/such/file", origin.url() + "/"});
    EXPECT_EQ(unwritable.status, 1);
    EXPECT_TRUE(one_line_with(unwritable.err, "No such file or directory"));

    const temporary_file old("old");
    const ended failed = get({"--fail", "-o", old.path(), origin.url() + "/status/500"});
    EXPECT_EQ(failed.status, 1);
    EXPECT_EQ(content_of(old.path()), "old");
}

TEST(get_output, verbose_tells_heads_connections_attempts_and_timings_on_standard_error) {
    faulty_origin origin({.body = "b"});
    const ended r = get({"-v", "-H", "X-Mine: 1", origin.url() + "/?q=1", origin.url() + "/"});
    EXPECT_EQ(r.status, 0);
    EXPECT_EQ(r.out, "bb");
    for (const char* part :
         {"> GET /?q=1 HTTP/1.1\n> Host: 127.0.0.1:", "\n> X-Mine: 1\n", "\n> User-Agent: hearth/", "\n< HTTP/1.1 200 OK\n",
          "* fresh on connection ", "* reused on connection ", "1 attempt", "first byte ", "1 connections opened"}) {
        EXPECT_NE(r.err.find(part), std::string::npos) << part << "\nin:\n" << r.err;
    }
}

TEST(get_output, a_reader_that_leaves_ends_the_run_quietly) {
    faulty_origin origin;
    for (const char* json : {"--no-progress", "--json"}) {
        std::vector<std::string> arguments{json};
        for (int i = 0; i < 20; ++i) arguments.push_back(origin.url() + "/bytes/1000000");
        process p(get_command(arguments));
        EXPECT_TRUE(p.wait_for_out("a"));
        p.close_out();
        const ended r = p.wait();
        EXPECT_EQ(r.status, 0) << json;
        EXPECT_EQ(r.err, "") << json;
    }
}

TEST(get_output, an_output_that_cannot_take_more_is_told) {
    faulty_origin origin;
    const ended r =
        run({"/bin/sh", "-c", std::string(HEARTH_BINARY) + " get " + origin.url() + "/bytes/100000 > /dev/full"});
    EXPECT_EQ(r.status, 1);
    EXPECT_TRUE(one_line_with(r.err, "No space left on device"));
}

TEST(get_output, it_leaves_the_pipes_that_it_shares_blocking) {
    // Others that write to the same pipe would fail with EAGAIN otherwise.
    faulty_origin origin({.body = "b\n"});
    process p(get_command({"--input", "-"}));
    ASSERT_TRUE(p.write(origin.url() + "/\n"));
    ASSERT_TRUE(p.wait_for_out("b\n"));
    for (const char* fd : {"0", "1", "2"}) {
        std::istringstream info(content_of("/proc/" + std::to_string(p.pid()) + "/fdinfo/" + fd));
        std::string word;
        while (info >> word && word != "flags:") {
        }
        unsigned flags = 0;
        ASSERT_TRUE(info >> std::oct >> flags);
        EXPECT_EQ(flags & O_NONBLOCK, 0U) << fd;
    }
    EXPECT_EQ(p.wait().status, 0);
}

}  // namespace
}  // namespace hearth::test
