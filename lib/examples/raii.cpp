// SPDX-License-Identifier: LGPL-2.1-or-later
// A handle that closes itself, and failures that are exceptions: jobs for a thread
// that ends when nobody is left who could send one.
#include <cerrno>
#include <cstdint>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <kchan.h>

class Channel {
    public:
	static Channel open(const std::string &name, int flags)
	{
		struct kchan *ch;

		check(kchan_open(&ch, name.c_str(), flags), "open " + name);
		return Channel(ch);
	}

	static std::pair<Channel, Channel> pair()
	{
		struct kchan *receiver, *sender;

		check(kchan_create_pair(&receiver, &sender, 0, nullptr),
		      "create");
		return { Channel(receiver), Channel(sender) };
	}

	void send(std::string_view text, std::uint32_t prio = 0)
	{
		struct kchan_send_opts opts =
			KCHAN_INIT(struct kchan_send_opts);

		opts.prio = prio;
		check(kchan_send_opts(handle.get(), text.data(), text.size(),
				      &opts, nullptr),
		      "send");
	}

	// False where there is no sender, and so will be no message.
	bool receive(std::string &text)
	{
		struct kchan_recv_opts opts =
			KCHAN_INIT(struct kchan_recv_opts);

		opts.flags = KCHAN_NEED_PEER;
		text.resize(check(kchan_msgsize(handle.get()), "msgsize"));
		auto len = kchan_recv_opts(handle.get(), text.data(),
					   text.size(), &opts, nullptr);
		if (len == -EPIPE)
			return false;
		text.resize(check(len, "receive"));
		return true;
	}

    private:
	struct Close {
		void operator()(struct kchan *ch) const
		{
			kchan_close(ch);
		}
	};

	explicit Channel(struct kchan *ch)
		: handle(ch)
	{
	}

	static ssize_t check(ssize_t ret, const std::string &what)
	{
		if (ret < 0)
			throw std::system_error(-ret, std::generic_category(),
						what);
		return ret;
	}

	std::unique_ptr<struct kchan, Close> handle;
};

static void feed(Channel jobs)
{
	jobs.send("render");
	jobs.send("encode");
	jobs.send("urgent", 1);
}

static void work(Channel jobs)
{
	std::string job;

	while (jobs.receive(job))
		std::cout << job << '\n';
	std::cout << "no more jobs\n";
}

int main()
{
	auto [jobs, sender] = Channel::pair();

	feed(std::move(sender));
	std::thread worker(work, std::move(jobs));
	worker.join();
	try {
		Channel::open("nowhere", O_RDONLY);
	} catch (const std::system_error &error) {
		std::cout << error.what() << '\n';
	}
}
