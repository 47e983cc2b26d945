"""Samples for jupyter_kernel_test (Debian: python3-jupyter-kernel-test), which runs every test that it has a sample for."""
import unittest

import jupyter_kernel_test


class CSharpKernelTests(jupyter_kernel_test.KernelTests):
    kernel_name = "quantnb"
    language_name = "C#"
    file_extension = ".cs"
    code_hello_world = 'Console.WriteLine("hello, world");'
    code_stderr = 'Console.Error.WriteLine("test");'
    completion_samples = [{"text": "Console.Wri", "matches": {"Write", "WriteLine"}}]
    complete_code_samples = ["1 + 1", "var x = 1;", "int F() { return 2; }"]
    incomplete_code_samples = ["int F()\n{", "1 +"]
    invalid_code_samples = ["var = 3 3;"]
    code_page_something = "Math.Max?"
    code_generate_error = 'throw new Exception("error");'
    code_execute_result = [{"code": "1+2+3", "result": "6"}]
    code_display_data = [{"code": 'display(HTML("<b>x</b>"));', "mime": "text/html"}]
    code_history_pattern = "1?2*"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "Console.WriteLine"
    code_clear_output = "clear_output();"


if __name__ == "__main__":
    unittest.main()
