// SPDX-License-Identifier: LGPL-2.1-or-later
// A handle that closes itself, a loan that gives itself back, and failures that are
// exceptions: jobs for a thread that ends when nobody is left who could send one.
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
	// A slot to fill, which goes back unless it is published.
	class Loan {
	    public:
		explicit Loan(struct kchan *owner)
			: ch(owner)
		{
			room = check(kchan_loan(ch, &slot), "loan");
		}

		Loan(const Loan &) = delete;
		Loan &operator=(const Loan &) = delete;

		~Loan()
		{
			if (slot)
				kchan_release(ch, slot);
		}

		char *data()
		{
			return static_cast<char *>(slot);
		}

		std::size_t size() const
		{
			return room;
		}

		void publish(std::size_t len)
		{
			check(kchan_publish(ch, slot, len), "publish");
			slot = nullptr;
		}

	    private:
		struct kchan *ch;
		void *slot = nullptr;
		std::size_t room;
	};

	static Channel open(const std::string &name, int flags)
	{
		struct kchan *ch;

		check(kchan_open(&ch, name.c_str(), flags), "open " + name);
		return Channel(ch);
	}

	static std::pair<Channel, Channel> pair()
	{
		struct kchan_create_opts opts =
			KCHAN_INIT(struct kchan_create_opts);
		struct kchan *receiver, *sender;

		opts.slots = 4;
		opts.slot_size = 64;
		check(kchan_create_pair(&receiver, &sender, 0, &opts),
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

	Loan loan()
	{
		return Loan(handle.get());
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
	jobs.loan(); // to no use: it goes back, or there would be none for the next
	auto slot = jobs.loan();
	slot.publish(std::string_view("upload").copy(slot.data(), slot.size()));
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
