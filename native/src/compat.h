// libtorch 1.13 has its own optional and string_view, 2.x the standard ones: each is named after what its API returns.
#pragma once
#include <ATen/core/function_schema.h>
#include <ATen/core/ivalue.h>

#include <type_traits>

namespace mvh {

using OptionalTensor = std::decay_t<decltype(std::declval<const c10::IValue&>().toOptional<at::Tensor>())>;
using OptionalValue = std::decay_t<decltype(std::declval<const c10::Argument&>().default_value())>;
using StringView = std::decay_t<decltype(std::declval<const c10::IValue&>().toStringView())>;

}  // namespace mvh
