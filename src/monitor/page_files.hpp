// The live page, built in: the files of src/monitor/page/.
#pragma once

#include <span>
#include <string_view>

namespace hearth::detail {

struct page_file {
    std::string_view path;  ///< "/" for index.html, else "/" and the file's name
    std::string_view content_type;
    std::string_view content;
};

[[nodiscard]] std::span<const page_file> page_files() noexcept;

}  // namespace hearth::detail
